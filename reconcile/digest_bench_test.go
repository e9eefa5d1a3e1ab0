package reconcile

import (
	"net/netip"
	"testing"

	"github.com/lbsync/lbsync/spec"
)

// The figure to hold for 44,000 changes is 50 ms.
func BenchmarkDigest44000(b *testing.B) {
	changes := make([]spec.Change, 44000)
	for i := range changes {
		a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 80)
		changes[i] = spec.Change{Action: spec.Add, After: spec.Dest{Weight: 1}, Key: spec.DestKey{Service: spec.AddrService(spec.TCP, a), Addr: a}}
	}
	all := []spec.Step{{Phase: spec.PhaseAddRealServers, Changes: changes}}
	b.ReportAllocs()
	for b.Loop() {
		digest(all)
	}
}
