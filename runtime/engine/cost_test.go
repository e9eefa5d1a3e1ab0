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
			i.RouterID, i.Interval = uint8(n%255+1), interval
			i.Interface = "eth" + strconv.Itoa(n/255)
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
