package vrrp_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
)

// TestHotPathDoesNotAllocate: the engine runs with the garbage collector off.
func TestHotPathDoesNotAllocate(t *testing.T) {
	for name, f := range hotPaths() {
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func hotPaths() map[string]func() {
	a := advert4()
	msg := encode(a, highAddr, groupFour)
	want, origin := expect(a), from4()
	var into vrrp.Advert
	buffer := make([]byte, 0, 64)
	g := vrrp.NewGroup(usual())
	g.Step(0, 0, vrrp.Start())
	now := time.Duration(0)
	elections := vrrp.NewGroup(usual())
	elections.Step(0, 0, vrrp.Start())
	higher := vrrp.Advert{Priority: 200, Interval: second}
	return map[string]func(){
		"parse": func() {
			if vrrp.ParseAdvert(&into, msg, origin, want) != vrrp.Accepted {
				panic("not accepted")
			}
		},
		"append": func() { buffer = vrrp.AppendAdvert(buffer[:0], a, highAddr, groupFour) },
		"heard":  func() { now += second; g.Step(now, 0, vrrp.Heard(origin.Src, &higher)); g.Deadline() },
		"election": func() {
			at, _ := elections.Deadline()
			if elections.Step(at, 0, vrrp.Timer()); elections.State() != vrrp.Active {
				panic("not elected")
			}
			elections.Step(at, 0, vrrp.Heard(origin.Src, &higher))
		},
	}
}

func BenchmarkParse(b *testing.B)    { benchmark(b, "parse") }
func BenchmarkAppend(b *testing.B)   { benchmark(b, "append") }
func BenchmarkHeard(b *testing.B)    { benchmark(b, "heard") }
func BenchmarkElection(b *testing.B) { benchmark(b, "election") }

func benchmark(b *testing.B, name string) {
	f := hotPaths()[name]
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
}

// BenchmarkAdvertise is what an Active instance costs for each interval.
func BenchmarkAdvertise(b *testing.B) {
	g := vrrp.NewGroup(usual())
	g.Step(0, 0, vrrp.Resume())
	b.ReportAllocs()
	for b.Loop() {
		at, _ := g.Deadline()
		g.Step(at, 0, vrrp.Timer())
	}
}

// BenchmarkParse255 is the largest message.
func BenchmarkParse255(b *testing.B) {
	a := advert4()
	a.Addrs = nil
	for i := range 255 {
		a.Addrs = append(a.Addrs, netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}))
	}
	msg, want, origin := encode(a, highAddr, groupFour), expect(a), from4()
	var into vrrp.Advert
	b.ReportAllocs()
	for b.Loop() {
		if vrrp.ParseAdvert(&into, msg, origin, want) != vrrp.Accepted {
			b.Fatal("not accepted")
		}
	}
}
