package reconcile

import "github.com/lbsync/lbsync/spec"

// class is all that the order of work knows of a change.
type class struct {
	kind   spec.Kind
	action spec.Action
	role   spec.Role // of a sync daemon
	drains bool      // an edit that takes a real server's weight to 0
	elects bool      // an edit of an instance that alters nothing but who is to be master
}

// order is the order of work on one director: a change belongs to the phase of its class, and phases run in the order of spec.Phase.
// Two rules give the rest: what is added comes before what is taken away, over all services, and what carries comes before what it
// carries.
var order = []struct {
	phase spec.Phase
	class class
}{
	// The engine lets go of the sync daemons before any of them is touched: a transition meanwhile would start and stop them too.
	{spec.PhaseSettings, class{kind: spec.KindFollowSync, action: spec.Remove}},
	// Settings first: sync_sock_size is read when a daemon starts (ip_vs_sync.c, set_sock_size), and what is added runs under them at once.
	{spec.PhaseSettings, class{kind: spec.KindSysctl, action: spec.Add}},
	{spec.PhaseSettings, class{kind: spec.KindSysctl, action: spec.Edit}},
	{spec.PhaseSettings, class{kind: spec.KindTimeout, action: spec.Add}},
	{spec.PhaseSettings, class{kind: spec.KindTimeout, action: spec.Edit}},

	// The receiving side of connection sync before any sending side: what a master sends under a syncid that no backup accepts is lost.
	{spec.PhaseSyncBackup, class{kind: spec.KindSyncDaemon, action: spec.Add, role: spec.RoleBackup}},
	{spec.PhaseSyncBackup, class{kind: spec.KindSyncDaemon, action: spec.Edit, role: spec.RoleBackup}},

	// The kernel refuses a real server whose service is not there (ESRCH).
	{spec.PhaseAddServices, class{kind: spec.KindService, action: spec.Add}},
	// Before every removal: the new pool stands before the old one goes. Each deleted real server also makes later adds slower, as the
	// kernel walks its trash list (ip_vs_ctl.c, ip_vs_trash_get_dest).
	{spec.PhaseAddRealServers, class{kind: spec.KindRealServer, action: spec.Add}},

	// In place, and after the adds: a scheduler that is switched to builds its table once, over the new pool.
	{spec.PhaseEdit, class{kind: spec.KindService, action: spec.Edit}},
	// A weight that leaves 0 makes a real server usable, so it comes before any other is drained.
	{spec.PhaseEdit, class{kind: spec.KindRealServer, action: spec.Edit}},

	// A service before its address: what an address draws here is directed from the first packet on. And the address is gone before its
	// service, which is removed below. All of it is one step, which the engine takes as one: an instance is never without an address or
	// peers, and what moves from one instance to another is never in both, nor in none.
	{spec.PhaseVRRP, class{kind: spec.KindInstance, action: spec.Add}},
	{spec.PhaseVRRP, class{kind: spec.KindInstance, action: spec.Edit}},
	{spec.PhaseVRRP, class{kind: spec.KindInstance, action: spec.Remove}},
	{spec.PhaseVRRP, class{kind: spec.KindPeer, action: spec.Add}},
	{spec.PhaseVRRP, class{kind: spec.KindPeer, action: spec.Edit}},
	{spec.PhaseVRRP, class{kind: spec.KindPeer, action: spec.Remove}},
	{spec.PhaseVRRP, class{kind: spec.KindAddress, action: spec.Add}},
	{spec.PhaseVRRP, class{kind: spec.KindAddress, action: spec.Edit}},
	{spec.PhaseVRRP, class{kind: spec.KindAddress, action: spec.Remove}},
	{spec.PhaseVRRP, class{kind: spec.KindRoute, action: spec.Add}},
	{spec.PhaseVRRP, class{kind: spec.KindRoute, action: spec.Edit}},
	{spec.PhaseVRRP, class{kind: spec.KindRoute, action: spec.Remove}},
	{spec.PhaseVRRP, class{kind: spec.KindRule, action: spec.Add}},
	{spec.PhaseVRRP, class{kind: spec.KindRule, action: spec.Edit}},
	{spec.PhaseVRRP, class{kind: spec.KindRule, action: spec.Remove}},
	{spec.PhaseVRRP, class{kind: spec.KindTracker, action: spec.Add}},
	{spec.PhaseVRRP, class{kind: spec.KindTracker, action: spec.Edit}},
	{spec.PhaseVRRP, class{kind: spec.KindTracker, action: spec.Remove}},

	// Only now is all that is wanted usable, so what should take no new connections may stop taking them.
	{spec.PhaseDrain, class{kind: spec.KindRealServer, action: spec.Edit, drains: true}},

	// After the drains, so that a service losing one real server and draining another is never left to what is about to go.
	{spec.PhaseRemoveRealServers, class{kind: spec.KindRealServer, action: spec.Remove}},
	// After its real servers: each of them is a change of its own in plan and journal, and the kernel would remove them with it.
	{spec.PhaseRemoveServices, class{kind: spec.KindService, action: spec.Remove}},

	// What a master announces must already be known by service and real server, on this director and at its backups.
	{spec.PhaseSyncMaster, class{kind: spec.KindSyncDaemon, action: spec.Add, role: spec.RoleMaster}},
	{spec.PhaseSyncMaster, class{kind: spec.KindSyncDaemon, action: spec.Edit, role: spec.RoleMaster}},

	// Both daemons may run together, so a director whose role moves has its new one before the old one stops.
	{spec.PhaseStopSync, class{kind: spec.KindSyncDaemon, action: spec.Remove, role: spec.RoleBackup}},
	{spec.PhaseStopSync, class{kind: spec.KindSyncDaemon, action: spec.Remove, role: spec.RoleMaster}},

	// The engine takes the daemons over once they run as the role of now wants them: it finds nothing to start or stop.
	{spec.PhaseSyncRole, class{kind: spec.KindFollowSync, action: spec.Add}},
	{spec.PhaseSyncRole, class{kind: spec.KindFollowSync, action: spec.Edit}},

	// Last, as it may make this director master: by now it has all that a master needs.
	{spec.PhasePriority, class{kind: spec.KindInstance, action: spec.Edit, elects: true}},
}

var phases = func() map[class]spec.Phase {
	m := make(map[class]spec.Phase, len(order))
	for _, o := range order {
		m[o.class] = o.phase
	}
	return m
}()

func classOf(c *spec.Change) class {
	k := class{kind: c.Key.Kind(), action: c.Action, drains: drains(c), elects: elects(c)}
	k.role, _ = c.Key.(spec.Role)
	return k
}

// drains says whether a change takes a real server's weight to 0.
func drains(c *spec.Change) bool {
	before, was := c.Before.(spec.Dest)
	after, is := c.After.(spec.Dest)
	return was && is && before.Weight != 0 && after.Weight == 0
}

// elects says whether a change alters priority or preemption of an instance and nothing else. Together with other settings they are
// changed as those are: one edit is not made in two.
func elects(c *spec.Change) bool {
	if _, ok := c.Key.(spec.InstanceKey); !ok || c.Action != spec.Edit {
		return false
	}
	before, after := c.Before.(spec.Instance), c.After.(spec.Instance)
	before.Priority, before.Preempt, before.PreemptDelay = after.Priority, after.Preempt, after.PreemptDelay
	return before == after
}

// steps puts changes in order: one step for each phase that has any. Changes of one phase that stand together already, as when a kernel
// is filled, stay where they are.
func steps(changes []spec.Change) []spec.Step {
	var by [spec.PhasePriority + 1][]spec.Change
	var last class
	phase, from := spec.Phase(0), 0
	for i := range changes {
		if k := classOf(&changes[i]); i == 0 || k != last {
			if p := phaseOf(&changes[i], k); i == 0 || p != phase {
				by[phase] = join(by[phase], changes[from:i:i])
				phase, from = p, i
			}
			last = k
		}
	}
	by[phase] = join(by[phase], changes[from:])
	var out []spec.Step
	for p, cs := range by {
		if len(cs) > 0 {
			out = append(out, spec.Step{Phase: spec.Phase(p), Changes: cs})
		}
	}
	return out
}

// join is both lists, and the second itself where the first is empty.
func join(a, b []spec.Change) []spec.Change {
	if len(a) == 0 {
		return b
	}
	return append(a, b...)
}

func phaseOf(c *spec.Change, k class) spec.Phase {
	p, ok := phases[k]
	if !ok {
		panic("no phase for " + c.Action.String() + " " + string(c.Key.Kind()) + " " + c.Key.String())
	}
	return p
}
