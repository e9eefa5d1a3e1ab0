package engine

import (
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
