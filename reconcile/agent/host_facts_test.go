package agent

import (
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// host is one whose interfaces come and go; with none it does not tell which it has.
type host struct {
	ports atomic.Pointer[map[string]spec.PortFact]
}

func (h *host) has(names ...string) {
	var out map[string]spec.PortFact
	for _, n := range names {
		if out == nil {
			out = map[string]spec.PortFact{}
		}
		out[n] = spec.PortFact{Up: true}
	}
	h.ports.Store(&out)
}

func (h *host) read() map[string]spec.PortFact { return *h.ports.Load() }

func (r *rig) refusals() int {
	n := 0
	for _, e := range r.events(0) {
		if strings.HasPrefix(e, "refused") {
			n++
		}
	}
	return n
}

// What is refused for what the host is, and not for what the commit says, is taken as soon as the host is another.
func TestRefusedByFactsIsJudgedAgain(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var h host
		h.has("eth0")
		r.ports = h.read
		three(r)
		r.repo.commit("d", "c", "uses eth7\n80 wrr 21=4")
		r.pass(r.cfg.Poll)
		r.phase(spec.Refused)
		if s := r.status(); s.Refusal == nil || !strings.Contains(s.Refusal.Reason, "because of what this director sees now; it is judged again") {
			t.Errorf("refused: %+v", s.Refusal)
		}
		h.has("eth0", "eth1") // another one, which does not help
		r.pass(time.Minute)
		r.phase(spec.Refused)
		if n := r.refusals(); n != 1 {
			t.Errorf("%d refusals in the journal of one commit for one reason", n)
		}
		h.has("eth0", "eth7")
		r.pass(r.cfg.Look)
		r.phase(spec.Idle)
		r.holds("80 wrr 21=4")
		r.end()
	})
}

// What policy forbids whatever the host is stays refused; and where nothing is known of the host, nothing is refused for it.
func TestRefusedWithoutFactsStays(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var h host
		h.has("eth0")
		r.ports = h.read
		three(r)
		r.repo.commit("d", "c", "deny\n80 wrr 21=4")
		r.pass(r.cfg.Poll)
		r.phase(spec.Refused)
		if reason := r.status().Refusal.Reason; strings.Contains(reason, "judged again") {
			t.Errorf("refused: %s", reason)
		}
		h.has("eth7")
		r.pass(time.Minute)
		r.phase(spec.Refused)
		h.has()
		r.repo.commit("e", "d", "uses eth9\n80 wrr 21=5")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=5")
		r.end()
	})
}

// The facts of a director are told in its snapshot. Who sends sync messages is known when all others have said who they are.
func TestSnapshotHasFacts(t *testing.T) {
	onPair(t, func(p *pair) {
		t, r := p.t, p.of["lb1"]
		r.vrrp.turn(func() {
			r.vrrp.status = &spec.VRRPStatus{Instances: []spec.InstanceStatus{{Name: "web", Interface: "eth0", RouterID: 79, Speakers: []spec.Speaker{
				{Addr: netip.MustParseAddr("192.0.2.12"), Priority: 101, Last: time.Now()}, {Addr: netip.MustParseAddr("192.0.2.99"), Priority: 200, Last: time.Now()},
			}}}}
		})
		s, err := r.agent.Snapshot(t.Context())
		if err != nil || s.Facts == nil {
			t.Fatalf("facts %+v, %v", s.Facts, err)
		}
		f := s.Facts
		if f.Ports != nil || f.Strangers == nil || len(f.Strangers) > 0 || f.Roles["web"] != spec.RoleMaster || !f.Taken.Equal(time.Now()) {
			t.Errorf("facts %+v: want no ports, no strangers, and the role", f)
		}
		if len(f.Speakers) != 1 || f.Speakers[0].Addr.String() != "192.0.2.99" || f.Speakers[0].RouterID != 79 || f.Speakers[0].Interface != "eth0" {
			t.Errorf("speakers %+v: want the one who is no director", f.Speakers)
		}
	})
	bubble(t, func(t *testing.T, r *rig) {
		three(r)
		s, err := r.agent.Snapshot(t.Context())
		if err != nil || s.Facts == nil || s.Facts.Strangers != nil || s.Facts.Speakers != nil {
			t.Errorf("facts %+v, %v: nobody reported, and no engine was asked", s.Facts, err)
		}
		r.end()
	})
}

// So it is with a commit that would end a rollback.
func TestRefusedByFactsEndsARollbackLater(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var h host
		h.has("eth0")
		r.ports = h.read
		three(r)
		if _, err := r.do(spec.Rollback, "b", 0); err != nil {
			t.Fatal(err)
		}
		r.repo.commit("d", "c", "uses eth7\n80 wrr 21=4")
		r.pass(r.cfg.Poll)
		if s := r.status(); s.Pin == nil || s.Refusal == nil || s.Refusal.Commit.ID != id("d") {
			t.Fatalf("pin %+v, refusal %+v", s.Pin, s.Refusal)
		}
		h.has("eth0", "eth7")
		r.pass(r.cfg.Look)
		r.holds("80 wrr 21=4")
		r.end()
	})
}
