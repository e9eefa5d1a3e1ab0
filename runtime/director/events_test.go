package director

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// heard wants the news since the last call: "1 backup→master", or "lost 3".
func (r *rig) heard(want ...string) {
	r.t.Helper()
	synctest.Wait()
	var got []string
	for _, n := range r.VRRP.News() {
		if n.Lost > 0 {
			got = append(got, fmt.Sprint("lost ", n.Lost))
		} else {
			got = append(got, fmt.Sprint(n.Event.Serial, " ", n.Event.From, "→", n.Event.To))
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		r.t.Errorf("heard %q, want %q", got, want)
	}
}

func TestRolesAreKnownAtOnceAndFollowTheEvents(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.Apply(t.Context(), []spec.Change{web})
		r.engine.Turn("web", spec.VRRPBackup, "startup")
		r.open()
		r.roles(map[string]spec.Role{"web": spec.RoleBackup}) // before anything runs
		r.run()
		defer r.stop()
		r.signalled()
		r.engine.Turn("web", spec.VRRPMaster, "master is down")
		if !r.signalled() {
			t.Error("nobody is told of a new role")
		}
		r.roles(map[string]spec.Role{"web": spec.RoleMaster})
		r.heard("2 backup→master") // 1 was before this agent was first told anything
		r.engine.Turn("web", spec.VRRPInitialize, "stop")
		r.roles(map[string]spec.Role{})
		r.heard("3 master→initialize")
	})
}

func TestEventsAreResumed(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.engine.Ring = 2
		r.Apply(t.Context(), []spec.Change{web})
		r.run()
		r.engine.Turn("web", spec.VRRPBackup, "startup")
		r.heard("1 initialize→backup")
		r.engine.Turn("web", spec.VRRPMaster, "master is down")
		r.roles(map[string]spec.Role{"web": spec.RoleMaster})

		r.engine.Away(errAway)
		<-time.After(time.Minute)
		r.roles(nil) // nobody knows
		if !r.signalled() {
			t.Error("nobody is told that roles are unknown")
		}
		for _, s := range []spec.VRRPState{spec.VRRPBackup, spec.VRRPMaster, spec.VRRPBackup, spec.VRRPMaster} {
			r.engine.Turn("web", s, "")
		}
		r.engine.Away(nil)
		<-time.After(longestWait)
		r.roles(map[string]spec.Role{"web": spec.RoleMaster})
		r.heard("2 backup→master", "lost 2", "5 master→backup", "6 backup→master")
		r.stop()

		r.engine.Turn("web", spec.VRRPBackup, "")
		r.open() // the next agent
		r.run()
		r.heard("7 master→backup")
		r.stop()

		r.engine.Forget() // the engine's memory is gone, its file too
		r.open()
		r.run()
		r.Apply(t.Context(), []spec.Change{web})
		r.engine.Turn("web", spec.VRRPMaster, "")
		r.heard("1 initialize→master")
		r.stop()
	})
}

// Events from before the status say nothing of now: their instance may be gone.
func TestOldEventsAreNoRoles(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.run()
		r.stop()
		r.engine.Turn("gone", spec.VRRPMaster, "")
		r.open()
		r.run()
		defer r.stop()
		r.heard("1 initialize→master")
		r.roles(map[string]spec.Role{})
	})
}

// A line that breaks for the moment of a restart is not worth a word.
func TestRestartOfTheEngine(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.Apply(t.Context(), []spec.Change{web})
		r.engine.Turn("web", spec.VRRPMaster, "")
		r.run()
		defer r.stop()
		r.signalled()
		r.engine.Away(errAway)
		synctest.Wait()
		r.engine.Away(nil)
		<-time.After(firstWait)
		if r.signalled() {
			t.Error("roles changed")
		}
		r.engine.Turn("web", spec.VRRPBackup, "")
		r.roles(map[string]spec.Role{"web": spec.RoleBackup})
	})
}

func TestVerdictsReachTheEngine(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		key := spec.TrackerKey{Instance: "web", Watch: spec.WatchFile, Name: r.dir + "/drain"}
		r.Apply(t.Context(), []spec.Change{web, {Key: key, Action: spec.Add, After: spec.Tracking{}}})
		r.run()
		defer r.stop()
		<-time.After(time.Second)
		synctest.Wait()
		if got := r.engine.Verdicts(); len(got) != 1 || !got[key] {
			t.Errorf("verdicts %v", got)
		}
		r.engine.Away(errAway)
		<-time.After(time.Second)
		r.engine.Forget()
		r.engine.Away(nil)
		<-time.After(longestWait)
		synctest.Wait()
		if got := r.engine.Verdicts(); len(got) != 1 {
			t.Errorf("a new engine has the verdicts %v", got)
		}
	})
}

func TestNewsAreBounded(t *testing.T) {
	v := alone()
	for i := range longestNews + 3 {
		v.note(spec.VRRPNews{Event: spec.VRRPEvent{Serial: uint64(i)}})
	}
	got := v.News()
	if len(got) != longestNews+1 || got[0].Lost != 3 || got[1].Event.Serial != 3 || len(v.News()) != 0 {
		t.Errorf("%d news, first %+v", len(got), got[:2])
	}
}
