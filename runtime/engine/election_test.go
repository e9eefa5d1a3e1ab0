package engine

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lbsync/lbsync/spec"
)

// Two engines elect the higher priority, whoever starts first; the other takes over when it is killed.
func TestElectionAndFailover(t *testing.T) {
	l := newLAN(t, 2)
	a, b := l.start(0), l.start(1)
	b.want(plain(100), nil)
	b.becomes("web", spec.VRRPMaster)
	b.holds("web", 1)
	a.want(plain(101), nil)
	a.becomes("web", spec.VRRPMaster)
	if ev := b.becomes("web", spec.VRRPBackup); ev.Why != "heard a higher priority (10.9.0.1 101)" {
		t.Errorf("B left because %q", ev.Why)
	}
	a.holds("web", 1)
	b.holds("web", 0)
	if got := l.addresses(0, "eth0"); !got["10.9.0.100/24"] || len(got) != 1 {
		t.Errorf("A has %v", got)
	}
	if got := l.addresses(1, "eth0"); len(got) != 0 {
		t.Errorf("B has %v", got)
	}
	a.kill()
	if ev := b.becomes("web", spec.VRRPMaster); ev.Why != "no advertisement in time (10.9.0.1 101)" {
		t.Errorf("B took over because %q", ev.Why)
	}
	b.holds("web", 1)
}

// A state that is refused changes nothing.
func TestRefusedStateChangesNothing(t *testing.T) {
	l := newLAN(t, 1)
	a := l.start(0)
	a.want(plain(100), nil)
	a.becomes("web", spec.VRRPMaster)
	err := a.Want(t.Context(), with(plain(0), "web", "10.9.0.101/24"), nil)
	if err == nil || !strings.Contains(err.Error(), "vrrp instance web: virtual_router_id and priority are 1 to 255") {
		t.Errorf("error is %v", err)
	}
	a.holds("web", 1)
	if v, err := a.Wanted(t.Context()); err != nil || len(v.Addresses) != 1 {
		t.Errorf("wanted is %+v, %v", v, err)
	}
	if s, err := a.Status(t.Context()); err != nil || s.Serial != 2 || s.Program != "test" {
		t.Errorf("status is %+v, %v", s, err)
	}
}

// A client that never reads its answers holds up neither the election nor other clients.
func TestDeadClientBlocksNobody(t *testing.T) {
	l := newLAN(t, 1)
	a := l.start(0)
	a.want(plain(100), nil)
	a.becomes("web", spec.VRRPMaster)
	for range 20 {
		conn, err := net.Dial("unixpacket", filepath.Join(a.dir, "sock"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	sent := a.instance("web").Counters.Sent
	a.until("it advertises on", func(s spec.VRRPStatus) bool { return find(s, "web").Counters.Sent > sent+3 })
}
