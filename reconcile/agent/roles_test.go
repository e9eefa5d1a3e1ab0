package agent

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

const follows = "80 wrr 21=3\nvrrp web 100 90\nfollow web"

func (r *rig) role(name string, role spec.Role) {
	r.vrrp.turn(func() { r.vrrp.roles = map[string]spec.Role{name: role} })
	r.settle()
}

func (r *rig) settle() { synctest.Wait() }

// edit is what somebody else does to the kernel.
func (r *rig) edit(changes ...spec.Change) {
	r.t.Helper()
	if err := errors.Join(r.kernel.Apply(r.t.Context(), changes)...); err != nil {
		r.t.Fatal(err)
	}
}

// daemons are the roles of the sync daemons that run.
func (r *rig) daemons(want ...spec.Role) {
	r.t.Helper()
	var got []spec.Role
	for _, d := range r.kernel.State().Daemons {
		got = append(got, d.Key)
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("daemons %v run, want %v", got, want)
	}
}

func TestSyncDaemonsFollowTheRole(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", follows)
		r.start()
		r.daemons() // nobody knows the role
		if s := r.status(); len(s.Holds) != 1 || s.Holds[0].More != 1 || !r.vrrp.wanted {
			t.Errorf("holds %+v, engine wanted: %v", s.Holds, r.vrrp.wanted)
		}
		from := r.next()
		r.role("web", spec.RoleBackup)
		r.daemons(spec.RoleBackup)
		r.role("web", spec.RoleMaster)
		r.daemons(spec.RoleMaster)
		r.role("web", spec.RoleUnknown) // the engine is away
		r.daemons(spec.RoleMaster)
		r.role("web", spec.RoleMaster)
		r.daemons(spec.RoleMaster)
		if s := r.status(); len(s.Drift) != 0 || s.Repaired != 0 || len(s.Foreign) != 0 || s.Phase != spec.Idle {
			t.Errorf("a new role is taken for drift: %+v", s)
		}
		want := []string{"planned a", "intent a", "step a", "applied a", "planned a", "intent a", "step a", "step a", "applied a"}
		if got := r.events(from); !slices.Equal(got, want) {
			t.Errorf("journal %q, want %q", got, want)
		}
		r.end()
		r.start()
		r.daemons(spec.RoleMaster)
		r.end()
	})
}

// The engine switches the daemons itself: the agent finds them as they should be, and what is changed by hand afterwards is drift.
func TestEngineSwitchesTheDaemons(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", follows)
		r.vrrp.roles = map[string]spec.Role{"web": spec.RoleBackup}
		r.start()
		r.daemons(spec.RoleBackup)
		from := r.next()
		d := r.kernel.State().Daemons[0].Value
		r.edit(spec.Change{Key: spec.RoleMaster, Action: spec.Add, After: d}, spec.Change{Key: spec.RoleBackup, Action: spec.Remove, Before: d})
		r.role("web", spec.RoleMaster)
		r.daemons(spec.RoleMaster)
		if got := r.events(from); len(got) != 0 {
			t.Errorf("journal %q", got)
		}
		r.edit(spec.Change{Key: spec.RoleMaster, Action: spec.Remove, Before: d})
		r.pass(r.cfg.Look)
		r.daemons(spec.RoleMaster)
		if s := r.status(); s.Repaired != 1 {
			t.Errorf("%d repaired", s.Repaired)
		}
		r.end()
	})
}

// The event of a transition may come after the read that sees what the engine did for it.
func TestRolesAreReadAfterTheKernel(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", follows)
		r.vrrp.roles = map[string]spec.Role{"web": spec.RoleBackup}
		r.start()
		d := r.kernel.State().Daemons[0].Value
		r.edit(spec.Change{Key: spec.RoleMaster, Action: spec.Add, After: d})
		r.vrrp.mu.Lock()
		r.vrrp.roles = map[string]spec.Role{"web": spec.RoleMaster} // and nobody signals
		r.vrrp.mu.Unlock()
		r.pass(r.cfg.Look)
		r.daemons(spec.RoleMaster)
		r.end()
	})
}

// A rollback ends when the branch asks for something else, not when a role moves.
func TestRollbackOutlivesARole(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", follows)
		r.vrrp.roles = map[string]spec.Role{"web": spec.RoleBackup}
		r.start()
		r.repo.commit("b", "a", follows+"\n81 wrr 21=1")
		r.pass(r.cfg.Poll)
		if _, err := r.do(spec.Rollback, "a", 0); err != nil {
			t.Fatal(err)
		}
		r.role("web", spec.RoleMaster)
		r.repo.commit("c", "b", "# unrelated\n"+follows+"\n81 wrr 21=1")
		r.pass(2 * r.cfg.Poll)
		if s := r.status(); s.Pin == nil || s.Applied.Commit.ID != id("a") {
			t.Errorf("pin %+v, applied %+v", s.Pin, s.Applied)
		}
		r.end()
	})
}

func TestNewsAreRecorded(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=3")
		r.start()
		from := r.next()
		e := spec.VRRPEvent{Serial: 7, Instance: "web", From: spec.VRRPBackup, To: spec.VRRPMaster, Why: "master is down", Time: time.Now()}
		won := e
		won.From, won.Why = spec.VRRPMaster, "192.0.2.9 yields"
		r.vrrp.turn(func() {
			r.vrrp.news = []spec.VRRPNews{
				{Event: e}, {Event: won}, {Event: e, Told: &spec.Told{Subject: "INSTANCE web", State: "master", Target: "exec /n.sh", Result: "exit status 1"}},
				{Lost: 3, Why: "the engine dropped 3 events"},
			}
		})
		r.settle()
		got := r.records()[from-1:]
		want := []journal.Record{
			{Event: journal.Transition, Kind: spec.KindInstance, Key: "web", Before: "state=backup", After: "state=master", Result: "master is down"},
			{Event: journal.Transition, Kind: spec.KindInstance, Key: "web", Result: "stays master: 192.0.2.9 yields"},
			{Event: journal.Notified, Kind: spec.KindInstance, Key: "web", Detail: "exec /n.sh of INSTANCE web MASTER (event 7)", Result: "exit status 1"},
			{Event: journal.Notified, Changes: 3, Result: "the engine dropped 3 events"},
		}
		for i := range want {
			want[i].Actor, want[i].Director = self, "lb1"
			if i < len(got) {
				want[i].V, want[i].Seq, want[i].Time, want[i].Prev = got[i].V, got[i].Seq, got[i].Time, got[i].Prev
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("records\n%+v\nwant\n%+v", got, want)
		}
		r.end()
		if got := r.vrrp.told; !slices.Equal(got, []string{"nobody", "lb1"}) {
			t.Errorf("told whom to tell: %q", got)
		}
	})
}

func TestHandover(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "vrrp web 100 90 64\nvrrp db 100\nvrrp in 100 90\nvrrp out 100 90\ngroup in out")
		r.start()
		ask := func(i spec.InstanceKey, dry bool) (spec.CommandResult, error) {
			return r.agent.Do(t.Context(), spec.Command{Verb: spec.Handover, Instance: i, DryRun: dry, Reason: "test", Actor: spec.Actor{UID: 7, Login: "bob"}})
		}
		states := func(s ...spec.VRRPState) {
			r.vrrp.turn(func() {
				r.vrrp.status = &spec.VRRPStatus{}
				for i, name := range []spec.InstanceKey{"web", "db", "in", "out"} {
					if i < len(s) {
						r.vrrp.status.Instances = append(r.vrrp.status.Instances, spec.InstanceStatus{Name: name, State: s[i]})
					}
				}
			})
		}
		refused := func(i spec.InstanceKey, want string) {
			t.Helper()
			if _, err := ask(i, false); err == nil || err.Error() != want {
				t.Errorf("%s: %v, want %s", i, err, want)
			}
		}
		from := r.next()
		refused("nope", `vrrp_instance "nope" is not declared for lb1: lbsync get vrrp shows those that are`)
		r.vrrp.turn(func() { r.vrrp.problem = &spec.Problem{Error: "engine not reachable"} })
		refused("web", "engine not reachable")
		r.vrrp.turn(func() { r.vrrp.problem = nil })
		states(spec.VRRPMaster, spec.VRRPMaster, spec.VRRPMaster, spec.VRRPBackup)
		refused("out", `vrrp_instance "out" is backup here: only its master can hand over`)
		refused("in", `vrrp_instance "out" is backup here: only its master can hand over`)
		refused("db", `no other director has vrrp_instance "db": its addresses would be nowhere`)
		states(spec.VRRPMaster)
		refused("in", `the engine does not know vrrp_instance "in" yet: lbsync status says why`)
		if got := r.events(from); len(got) != 0 || len(r.vrrp.handed) != 0 {
			t.Errorf("journal %q, handed over %q", got, r.vrrp.handed)
		}

		got, err := ask("web", true)
		if err != nil || !slices.Equal(got.Handed.Others, []string{"lb2"}) || got.Handed.Within != time.Second*166/256 || len(r.vrrp.handed) != 0 {
			t.Errorf("dry run: %+v, %v", got.Handed, err)
		}
		if _, err := ask("web", false); err != nil || !slices.Equal(r.vrrp.handed, []spec.InstanceKey{"web"}) {
			t.Errorf("%v, handed over %q", err, r.vrrp.handed)
		}
		r.vrrp.turn(func() { r.vrrp.refuses = errors.New("not master") })
		refused("web", "not master")
		recs := r.records()[from-1:]
		if len(recs) != 4 || recs[0].Event != journal.HandedOver || recs[0].Actor != "7 bob" || recs[0].Detail != `to lb2 ("test")` || recs[0].Result != "" ||
			recs[1].Result != "ok" || recs[3].Result != "not master" {
			t.Errorf("records %+v", recs)
		}
		r.end()
	})
}

// An engine that is away fails every change of a step, at each retry: the journal says it once, not a thousand times.
func TestFailuresAlikeAreCounted(t *testing.T) {
	e := reconcile.StepEvent{}
	away, other := errors.New("engine not reachable"), errors.New("no such device")
	for i := range 30 {
		e.Step.Changes = append(e.Step.Changes, spec.Change{Key: spec.InstanceKey("i" + strconv.Itoa(i)), Action: spec.Add, After: spec.Instance{}})
		e.Errors = append(e.Errors, away)
	}
	e.Errors[29] = other
	var got []string
	for _, r := range (&Agent{}).stepRecords(spec.Plan{}, e) {
		got = append(got, strings.TrimSpace(r.Key+" "+r.Result+" "+r.Detail))
	}
	if len(got) != 12 || got[9] != "i9 engine not reachable" || got[10] != "i29 no such device" || got[11] != "engine not reachable 19 more changes of VRRP" {
		t.Errorf("%d records: %q", len(got), got)
	}
}

func TestSkew(t *testing.T) {
	for _, c := range []struct {
		version  uint8
		priority uint8
		want     time.Duration
	}{{3, 90, 100 * time.Millisecond * 166 / 256}, {3, 255, 100 * time.Millisecond / 256}, {2, 100, time.Second * 156 / 256}} {
		if got := skew(&spec.VRRPInstance{Version: c.version, AdvertInterval: 100 * time.Millisecond}, c.priority); got != c.want {
			t.Errorf("version %d, priority %d: %v, want %v", c.version, c.priority, got, c.want)
		}
	}
}
