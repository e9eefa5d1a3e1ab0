package kernel_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel"
)

func watcher(t *testing.T) *kernel.Watcher {
	t.Helper()
	w, err := kernel.OpenWatcher()
	check(t, err)
	t.Cleanup(func() { check(t, w.Close()) })
	return w
}

// drained are the events that are there.
func drained(t *testing.T, w *kernel.Watcher) (out []string) {
	t.Helper()
	check(t, w.Drain(
		func(e kernel.LinkEvent) {
			out = append(out, fmt.Sprintf("%s up %t running %t gone %t", e.Name, e.Up, e.Running, e.Gone))
		},
		func(e kernel.AddressEvent) {
			if !e.Prefix.Addr().IsLinkLocalUnicast() { // that of the cable itself may still be told
				out = append(out, fmt.Sprintf("%s on %d by %d gone %t", e.Prefix, e.IfIndex, e.Proto, e.Gone))
			}
		},
	))
	return slices.Compact(out)
}

// told waits for n events: the kernel tells of an IPv6 address a little after it is there.
func told(t *testing.T, w *kernel.Watcher, n int) (out []string) {
	t.Helper()
	for len(out) < n {
		if ready, err := unix.Poll([]unix.PollFd{{Fd: int32(w.FD()), Events: unix.POLLIN}}, 10_000); ready == 0 || err != nil {
			t.Fatalf("told only %q, %v", out, err)
		}
		out = append(out, drained(t, w)...)
	}
	return out
}

func TestWatcherTellsAddresses(t *testing.T) {
	c := newCable(t)
	w := watcher(t)
	as := []kernel.InterfaceAddress{c.global("192.0.2.1/24"), c.global("2001:db8::1/64")}
	allNil(t, c.AddAddresses(as))
	ip(t, "addr del 192.0.2.1/24 dev eth0") // by somebody else
	want := []string{
		fmt.Sprintf("192.0.2.1/24 on %d by 112 gone false", c.Index),
		fmt.Sprintf("2001:db8::1/64 on %d by 112 gone false", c.Index),
		fmt.Sprintf("192.0.2.1/24 on %d by 112 gone true", c.Index),
	}
	got := told(t, w, len(want))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("told\n%q, want\n%q", got, want)
	}
	if got := drained(t, w); got != nil {
		t.Errorf("told twice: %q", got)
	}
}

func TestWatcherTellsInterfaces(t *testing.T) {
	c := newCable(t)
	w := watcher(t)
	check(t, c.SetUp(c.Index, false))
	ip(t, "link del eth0")
	got := told(t, w, 2)
	for _, want := range []string{"eth0 up false running false gone false", "eth0 up false running false gone true"} {
		if !slices.Contains(got, want) {
			t.Errorf("told %q, without %q", got, want)
		}
	}
}

func TestWatcherSaysThatItLost(t *testing.T) {
	c := newCable(t)
	w := watcher(t)
	check(t, unix.SetsockoptInt(w.FD(), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096))
	as := make([]kernel.InterfaceAddress, 100)
	for i := range as {
		as[i] = c.global(fmt.Sprintf("192.0.2.%d/24", i+1))
	}
	allNil(t, c.AddAddresses(as))
	ignore := func(kernel.LinkEvent) {}
	if err := w.Drain(ignore, func(kernel.AddressEvent) {}); !errors.Is(err, kernel.ErrOverrun) {
		t.Fatalf("after 100 events in 4 KB: %v", err)
	}
	drained(t, w)
	allNil(t, c.DelAddresses(as[99:]))
	if got := drained(t, w); len(got) == 0 {
		t.Error("nothing is told behind the gap")
	}
}
