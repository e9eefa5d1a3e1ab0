package kernel_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel"
)

var virtual = kernel.VirtualMAC(79, 4)

func hexBytes(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", "\n", "", "\t", "").Replace(s))
	check(t, err)
	return b
}

// TestV40V57Frames: the bytes of the RFCs, written down by hand.
func TestV40V57Frames(t *testing.T) {
	garp, err := kernel.GratuitousARP(3, virtual, addr("192.0.2.80"))
	check(t, err)
	want := hexBytes(t, `ffffffffffff 00005e00014f 0806  0001 0800 06 04 0001  00005e00014f c0000250  000000000000 c0000250`+strings.Repeat("00", 18)) // padded to Ethernet's least
	if !bytes.Equal(garp.Bytes, want) || garp.IfIndex != 3 {
		t.Errorf("gratuitous ARP\n%x, want\n%x", garp.Bytes, want)
	}
	for router, flagsAndSum := range map[bool]string{true: "19de a0", false: "99de 20"} {
		sum, flags, _ := strings.Cut(flagsAndSum, " ")
		want := hexBytes(t, `333300000001 00005e00024f 86dd  60000000 0020 3a ff
			20010db8000000000000000000000080 ff020000000000000000000000000001
			8800 `+sum+" "+flags+`000000 20010db8000000000000000000000080 0201 00005e00024f`)
		na, err := kernel.NeighborAdvert(3, kernel.VirtualMAC(79, 6), addr("2001:db8::80"), router)
		check(t, err)
		if !bytes.Equal(na.Bytes, want) || na.IfIndex != 3 {
			t.Errorf("neighbour advertisement\n%x, want\n%x", na.Bytes, want)
		}
	}
}

func TestFramesOfTheWrongFamily(t *testing.T) {
	if _, err := kernel.GratuitousARP(1, virtual, addr("2001:db8::80")); err == nil {
		t.Error("an ARP for an IPv6 address")
	}
	for _, a := range []string{"192.0.2.1", "::ffff:192.0.2.1", "ff02::1", "::"} {
		if _, err := kernel.NeighborAdvert(1, virtual, addr(a), false); err == nil {
			t.Errorf("a neighbour advertisement for %s", a)
		}
	}
}

func announcer(t testing.TB) *kernel.Announcer {
	t.Helper()
	a, err := kernel.OpenAnnouncer()
	check(t, err)
	t.Cleanup(func() { check(t, a.Close()) })
	return a
}

func garps(t testing.TB, ifindex, n int) []kernel.Frame {
	t.Helper()
	out := make([]kernel.Frame, n)
	for i := range out {
		f, err := kernel.GratuitousARP(ifindex, nearMAC, addr(fmt.Sprintf("10.1.%d.%d", i/250, 1+i%250)))
		check(t, err)
		out[i] = f
	}
	return out
}

func TestBurstGoesOutInOrder(t *testing.T) {
	c := newCable(t)
	frames := garps(t, c.Index, 600)
	if n, err := announcer(t).Burst(frames); n != len(frames) || err != nil {
		t.Fatalf("sent %d, %v", n, err)
	}
	for i, f := range frames {
		if got := c.next(12, 8, 6); !bytes.Equal(got, f.Bytes) {
			t.Fatalf("frame %d is %x, want %x", i, got, f.Bytes)
		}
	}
}

// What a neighbour believes, which checks more than we do: hop limit, checksum, flags.
func TestNeighboursTakeTheAnnouncement(t *testing.T) {
	newCable(t)
	ns := freshNamespace(t)
	run(t, "", "ip", "link", "add", "eth1", "type", "veth", "peer", "name", "peer1", "netns", ns)
	ip(t, "link set eth1 up")
	run(t, `link set peer1 up
addr add 192.0.2.1/24 dev peer1
addr add 2001:db8::1/64 dev peer1 nodad
neigh add 192.0.2.80 lladdr 02:99:99:99:99:99 nud stale dev peer1
neigh add 2001:db8::80 lladdr 02:99:99:99:99:99 nud stale dev peer1
`, "ip", "-n", ns, "-batch", "-")
	l, err := kernel.OpenLinks()
	check(t, err)
	defer func() { check(t, l.Close()) }()
	eth1 := mustLink(t, l, "eth1")
	garp, err := kernel.GratuitousARP(eth1.Index, virtual, addr("192.0.2.80"))
	check(t, err)
	na, err := kernel.NeighborAdvert(eth1.Index, kernel.VirtualMAC(79, 6), addr("2001:db8::80"), true)
	check(t, err)
	if n, err := announcer(t).Burst([]kernel.Frame{garp, na}); n != 2 || err != nil {
		t.Fatalf("sent %d, %v", n, err)
	}
	for _, want := range []string{"192.0.2.80 dev peer1 lladdr 00:00:5e:00:01:4f", "2001:db8::80 dev peer1 lladdr 00:00:5e:00:02:4f router"} {
		at, _, _ := strings.Cut(want, " ")
		got := ""
		for end := time.Now().Add(10 * time.Second); !strings.HasPrefix(got, want) && time.Now().Before(end); {
			got = shown(t, at, "-n", ns, "neigh", "show", "dev", "peer1")
			got = strings.Replace(got, at, at+" dev peer1", 1)
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("the neighbour has %q, want %q", got, want)
		}
	}
}

// An unbound socket keeps no stale error of an interface that went down.
func TestBurstFollowsTheInterface(t *testing.T) {
	c := newCable(t)
	a, frames := announcer(t), garps(t, c.Index, 3)
	lost := kernel.Frame{IfIndex: 4711, Bytes: frames[0].Bytes}
	if n, err := a.Burst([]kernel.Frame{frames[0], lost, frames[1]}); n != 1 || !errors.Is(err, unix.ENXIO) {
		t.Errorf("a missing interface: sent %d, %v", n, err)
	}
	check(t, c.SetUp(c.Index, false))
	if n, err := a.Burst(frames); n != 0 || !errors.Is(err, unix.ENETDOWN) {
		t.Errorf("an interface that is down: sent %d, %v", n, err)
	}
	check(t, c.SetUp(c.Index, true))
	if n, err := a.Burst(frames); n != 3 || err != nil {
		t.Errorf("up again: sent %d, %v", n, err)
	}
}

func TestForwards(t *testing.T) {
	newCable(t)
	for value, want := range map[string]bool{"1": true, "0": false} {
		writeProc(t, "net/ipv6/conf/eth0/forwarding", value)
		if got, err := kernel.Forwards("eth0"); got != want || err != nil {
			t.Errorf("forwarding %s: %t, %v", value, got, err)
		}
	}
	if _, err := kernel.Forwards("none0"); err == nil {
		t.Error("a missing interface forwards or not")
	}
}
