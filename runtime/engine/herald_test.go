package engine

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Each part of the addresses is announced as soon as it is there, and what was never announced before what is repeated.
func TestFirstAnnouncementsComeFirst(t *testing.T) {
	v := plain(100)
	for n := range 2*chunk + 9 {
		v.Addresses = append(v.Addresses, spec.Row[spec.AddressKey, spec.Address]{
			Key:   spec.AddressKey{Instance: "web", Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 78, byte(n >> 8), byte(n)}), 32)},
			Value: spec.Address{Device: "eth0", Scope: "global", Excluded: true}})
	}
	k, f, h := onFake(t, v)
	k.acquire(h, 2)
	for range 4 {
		k.herald.pump(time.Now())
	}
	if want := []int{chunk, chunk, 10, 2*chunk + 10}; !slices.Equal(f.bursts, want) {
		t.Errorf("bursts of %v frames, want %v", f.bursts, want)
	}
	if _, more := k.herald.pump(time.Now()); more {
		t.Error("something is left to announce")
	}
}

// What a backup will announce is prepared before it becomes master.
func TestBackupIsPrepared(t *testing.T) {
	k, _, h := onFake(t, with(plain(100), "web", "10.9.0.101/24"))
	k.tend()
	for n := range h.held {
		if h.held[n].frame.Bytes == nil || h.held[n].state != absent {
			t.Errorf("%v is %+v", h.held[n].row.Key, h.held[n])
		}
	}
}
