package engine

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// many is a wanted state of instances on eth0, each with an address.
func many(count int, priority uint8, interval time.Duration) spec.VRRP {
	var v spec.VRRP
	for n := range count {
		one := plain(priority, func(i *spec.Instance) {
			i.RouterID, i.Interval, i.Interface = uint8(n%255+1), interval, "eth"+strconv.Itoa(n/255)
		})
		name := spec.InstanceKey(fmt.Sprintf("i%04d", n))
		one.Instances[0].Key = name
		v.Instances = append(v.Instances, one.Instances...)
		v.Addresses = append(v.Addresses, spec.Row[spec.AddressKey, spec.Address]{
			Key:   spec.AddressKey{Instance: name, Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 200, byte(n >> 8), byte(n)}), 32)},
			Value: spec.Address{Device: one.Instances[0].Value.Interface, Scope: "global"}})
	}
	return v
}

// used is the processor time of a process: schedstat(5) counts nanoseconds where /proc/PID/stat counts ticks.
func used(tb testing.TB, pid int) (sum time.Duration) {
	tb.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(tasks) == 0 {
		tb.Fatalf("threads of %d: %v", pid, err)
	}
	for _, path := range tasks {
		b, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		ns, err := strconv.ParseInt(strings.Fields(string(b))[0], 10, 64)
		if err != nil {
			tb.Fatal(err)
		}
		sum += time.Duration(ns)
	}
	return sum
}

// resident is the memory of a process, in bytes.
func resident(tb testing.TB, pid int) float64 {
	tb.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		tb.Fatal(err)
	}
	for _, line := range strings.Split(string(b), "\n") {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.Fields(kb)[0])
			if err != nil {
				tb.Fatal(err)
			}
			return float64(n) * 1024
		}
	}
	tb.Fatalf("process %d has no memory", pid)
	return 0
}

// What an advertisement costs the sender and the receiver, of 1,000 instances at 100 ms, and the memory of both. The receiver's part of
// the way through the switch is the sender's time: the kernel does it while it sends.
func BenchmarkThousandInstances(b *testing.B) {
	const count = 1000
	l := newLAN(b, 2)
	for n := range l.hosts {
		for i := range 3 {
			l.cable(n, fmt.Sprint("eth", i+1))
			l.ip(l.hosts[n], fmt.Sprintf("addr add 10.9.%d.%d/24 dev eth%d", i+1, n+1, i+1))
		}
	}
	sender, receiver := l.start(0), l.start(1)
	sender.want(many(count, 200, 100*time.Millisecond), nil)
	receiver.want(many(count, 100, 100*time.Millisecond), nil)
	sent := func() (n uint64) {
		s, err := sender.Status(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for _, i := range s.Instances {
			n += i.Counters.Sent
		}
		return n
	}
	for sent() < count*10 {
		<-time.After(time.Second) // asking costs, so that it is not done all the time
	}
	for b.Loop() {
		n, s, r := sent(), used(b, sender.cmd.Process.Pid), used(b, receiver.cmd.Process.Pid)
		<-time.After(10 * time.Second)
		packets := float64(sent() - n)
		b.ReportMetric(float64(used(b, sender.cmd.Process.Pid)-s)/packets/1e3, "us/sent")
		b.ReportMetric(float64(used(b, receiver.cmd.Process.Pid)-r)/packets/1e3, "us/received")
	}
	b.ReportMetric(resident(b, sender.cmd.Process.Pid)/1e6, "MB-sender")
	b.ReportMetric(resident(b, receiver.cmd.Process.Pid)/1e6, "MB-receiver")
}
