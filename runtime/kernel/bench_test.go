package kernel_test

import (
	"net/netip"
	"testing"

	"github.com/lbsync/lbsync/runtime/kernel/kerneltest"
	"github.com/lbsync/lbsync/spec"
)

// The fleet of the benchmarks: services with real servers each, in the lab's emulated processor. Compare only figures of one boot.
const (
	benchServices = 4000
	benchDests    = 10
)

func fleet() []spec.Change {
	out := make([]spec.Change, 0, benchServices*(benchDests+1))
	for s := range benchServices {
		out = append(out, kerneltest.Add(benchService(s), spec.Service{Scheduler: "wlc"}))
	}
	for s := range benchServices {
		for d := range benchDests {
			out = append(out, kerneltest.Add(benchDest(s, d), spec.Dest{Weight: 1, Forward: spec.DR}))
		}
	}
	return out
}

func benchService(s int) spec.ServiceKey {
	return spec.AddrService(spec.TCP, netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, byte(s >> 8), byte(s)}), 80))
}

func benchDest(s, d int) spec.DestKey {
	return spec.DestKey{Service: benchService(s), Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(d), byte(s >> 8), byte(s)}), 80)}
}

// BenchmarkApply fills an empty kernel; a namespace of its own each time, since what was deleted slows what is added.
func BenchmarkApply(b *testing.B) {
	changes := fleet()
	for range b.N {
		b.StopTimer()
		k := open(b)
		b.StartTimer()
		apply(b, k, changes...)
		b.StopTimer()
		if err := k.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func filled(b *testing.B) real {
	b.Helper()
	k := open(b)
	apply(b, k, fleet()...)
	b.Cleanup(func() {
		if err := k.Close(); err != nil {
			b.Error(err)
		}
	})
	b.ResetTimer()
	return k
}

func BenchmarkWeight(b *testing.B) {
	k := filled(b)
	for i := range b.N {
		apply(b, k, kerneltest.Edit(benchDest(benchServices/2, 0), spec.Dest{Weight: int32(i%100 + 1), Forward: spec.DR}))
	}
}

func BenchmarkObserveFull(b *testing.B) {
	k := filled(b)
	for range b.N {
		if st, err := k.ObserveFull(b.Context()); err != nil || len(st.Dests) != benchServices*benchDests {
			b.Fatalf("%d real servers, error %v", len(st.Dests), err)
		}
	}
}

func BenchmarkObserveFast(b *testing.B) {
	k := filled(b)
	last, err := k.ObserveFull(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for range b.N {
		if st, err := k.ObserveFast(b.Context(), last); err != nil || len(st.Dests) != benchServices*benchDests {
			b.Fatalf("%d real servers, error %v", len(st.Dests), err)
		}
	}
}
