package syncing_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/connsync"
	"github.com/lbsync/lbsync/runtime/kernel/kerneltest"
	"github.com/lbsync/lbsync/spec"
)

// sizes are how many connections the figures of docs/connection-sync.md are for.
var sizes = []int{5_000, 10_000, 20_000, 50_000, 100_000}

// established are n connections of TCP.
func established(n int) []connsync.Conn {
	out := make([]connsync.Conn, n)
	for i := range out {
		client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}), uint16(1024+i>>16))
		out[i] = connsync.Conn{Proto: connsync.TCP, State: 1, Timeout: 3600, Client: client, Virtual: vip.Addr, Real: ap("192.0.2.21:80")}
	}
	return out
}

// crowd is a pair of directors of which the first has n connections.
func crowd(b *testing.B, n int) (master, backup node) {
	b.Helper()
	master, backup = pair(b)
	for _, d := range []node{master, backup} {
		d.apply(kerneltest.Add(vip, spec.Service{Scheduler: "rr"}), kerneltest.Add(spec.DestKey{Service: vip, Addr: ap("192.0.2.21:80")}, spec.Dest{Weight: 1, Forward: spec.DR}))
	}
	backup.inject(master, established(n))
	return master, backup
}

// BenchmarkReadTable reads a table and does nothing with it.
func BenchmarkReadTable(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			master, _ := crowd(b, n)
			for b.Loop() {
				lines := 0
				err := master.net.Connections(b.Context(), func([]byte) error { lines++; return nil })
				if err != nil || lines != n {
					b.Fatalf("%d lines, error %v", lines, err)
				}
			}
		})
	}
}

// BenchmarkResync sends a whole table to a backup whose daemon has the kernel's default buffer, and looks at how much arrived. Both
// directors are namespaces of one kernel, whose table is one for all: reading passes the backup's connections too.
func BenchmarkResync(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				master, backup := crowd(b, n)
				backup.start(spec.RoleBackup, daemon)
				b.StartTimer()
				got, err := master.table().Resync(b.Context(), daemon)
				b.StopTimer()
				share, late := backup.share(n)
				if err != nil || got.Partial != "" || got.Connections != n {
					b.Errorf("%+v, error %v", got, err)
				}
				b.ReportMetric(100*share, "%known")
				b.ReportMetric(float64(late.Milliseconds()), "ms-later")
				b.ReportMetric(float64(got.Messages), "messages")
			}
		})
	}
}

// BenchmarkSample takes samples of two directors and compares them.
func BenchmarkSample(b *testing.B) {
	const n = 20_000
	master, backup := crowd(b, n)
	backup.start(spec.RoleBackup, daemon)
	if _, err := master.table().Resync(b.Context(), daemon); err != nil {
		b.Fatal(err)
	}
	backup.share(n)
	for b.Loop() {
		m, err := master.table().Sample(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		s, err := backup.table().Sample(b.Context())
		c := master.table().Cover(m, s)
		if err != nil || c.Total != n {
			b.Fatalf("%+v, error %v", c, err)
		}
		b.ReportMetric(100*c.Share(), "%covered")
		b.ReportMetric(float64(c.Sampled), "sampled")
	}
}

// share is how many of n connections are counted at the real server, once this no longer changes.
func (n node) share(of int) (float64, time.Duration) {
	n.t.Helper()
	began, last, still := time.Now(), uint32(0), 0
	for still < 200 {
		stats, err := n.Stats(n.t.Context())
		if err != nil {
			n.t.Fatal(err)
		}
		now := stats.Dests[0].Active
		if int(now) == of {
			return 1, time.Since(began)
		}
		if still++; now != last {
			last, still = now, 0
		}
	}
	return float64(last) / float64(of), time.Since(began)
}
