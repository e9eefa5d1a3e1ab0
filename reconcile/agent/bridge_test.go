package agent

import (
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

const followFleet = "vrrp web 100 101\nfollow web 11\n80 wrr 21=1 22=1\n"

// roles are the daemons that a director runs now, as lb1 is master and lb2 backup, and those that its engine would start for the other role.
func (p *pair) roles(name string) (live [2]uint8, runs [2]bool, next spec.FollowSync) {
	p.t.Helper()
	s := p.of[name].kernel.State()
	for _, d := range s.Daemons {
		live[d.Key-spec.RoleMaster], runs[d.Key-spec.RoleMaster] = d.Value.SyncID, true
	}
	row, ok := s.VRRP.Follow.Find("web")
	if !ok {
		p.t.Fatalf("the engine of %s follows nothing", name)
	}
	return live, runs, row.Value
}

// In mode follow too the backup hears the master while a syncid changes; and so would the director that is master now, if the roles changed
// at any moment of it.
func TestSyncIDIsTakenOverTheBridgeInModeFollow(t *testing.T) {
	onPair(t, func(p *pair) {
		p.commit("f", "a", followFleet)
		p.both("f")
		next := strings.Replace(followFleet, "web 11", "web 12", 1)
		p.of["lb2"].repo.commit("b", "f", next)
		seen := map[uint8]bool{}
		for n := range 600 {
			if n == 300 {
				p.of["lb1"].repo.commit("b", "f", next)
			}
			live1, runs1, next1 := p.roles("lb1")
			live2, runs2, next2 := p.roles("lb2")
			if runs1 != [2]bool{true, false} || runs2 != [2]bool{false, true} {
				p.t.Fatalf("lb1 runs %v, lb2 runs %v", runs1, runs2)
			}
			if live2[1] != 0 && live2[1] != live1[0] {
				p.t.Fatalf("the backup with %d does not hear the master with %d", live2[1], live1[0])
			}
			if back, master := next1.Of(spec.RoleBackup).SyncID, next2.Of(spec.RoleMaster).SyncID; back != 0 && back != master {
				p.t.Fatalf("after a failover the backup with %d would not hear the master with %d", back, master)
			}
			if next1.Of(spec.RoleMaster).SyncID != live1[0] || next2.Of(spec.RoleBackup).SyncID != live2[1] {
				p.t.Fatalf("the engines would put back what the agents changed: %v with %+v, %v with %+v", live1, next1, live2, next2)
			}
			seen[live2[1]] = true
			p.pass(50 * time.Millisecond)
		}
		p.both("b")
		live1, _, next1 := p.roles("lb1")
		live2, _, next2 := p.roles("lb2")
		if live1[0] != 12 || live2[1] != 12 || next1.Open || next2.Open || next2.Daemon.SyncID != 12 {
			p.t.Errorf("at the end: %v %+v, %v %+v", live1, next1, live2, next2)
		}
		if !seen[0] {
			p.t.Error("the backup never ran 0: nothing was tried")
		}
	})
}
