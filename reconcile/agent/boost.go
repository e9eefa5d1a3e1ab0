package agent

import (
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// lent is sync_threshold as it was before a boost, where the fleet declares none. It is on disk before the kernel is touched: whoever set it
// gets it back, also after a crash of the agent.
type lent struct {
	Value spec.Setting
	Boot  string // run of the machine; in another one the setting is what the machine began with
}

func (l *lent) value(boot string) spec.Setting {
	if l == nil || l.Boot != boot {
		return ""
	}
	return l.Value
}

// boostFor is how long the backups are told of every packet after a gap that no full resync could mend: long enough for a packet of each
// connection that is used, and not for ever, since it costs a message for each packet.
const boostFor = 2 * time.Minute

// boost begins where somebody needed all connections and the table is too large for a full resync, and ends where one could be made.
func (a *Agent) boost(r resynced) {
	switch {
	case r.sent.Partial == "":
		a.resync.boost = time.Time{}
	case !r.routine:
		a.resync.boost = time.Now().Add(boostFor)
		a.lend()
		a.agenda.sooner(look, time.Now())
	}
}

// lend notes what the boost takes the place of. What could not be made durable is not lent, and the wanted state says so.
func (a *Agent) lend() {
	live, there := a.live.Sysctls.Find(spec.SyncThreshold)
	if !there || !a.known || a.held.Lent.value(a.cfg.Boot) != "" || reconcile.DeclaresThreshold(*a.held.View) {
		return
	}
	was := a.held.Lent
	a.held.Lent = &lent{Value: live.Value, Boot: a.cfg.Boot}
	if a.keep(); a.dirty {
		a.held.Lent = was
	}
}

// returned forgets what was lent once the kernel has it again. It comes when the kernel holds all that is wanted, which in a boost may lack
// what could not be made durable before.
func (a *Agent) returned() {
	if time.Now().Before(a.resync.boost) {
		a.lend()
		return
	}
	if a.held.Lent == nil {
		return
	}
	was := a.held.Lent.value(a.cfg.Boot)
	live, _ := a.live.Sysctls.Find(spec.SyncThreshold)
	if was == "" || live.Value == was || reconcile.DeclaresThreshold(*a.held.View) {
		a.held.Lent = nil
		a.keep()
	}
}
