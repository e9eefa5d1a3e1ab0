package kernel_test

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

var (
	group4 = addr("224.0.0.18")
	group6 = addr("ff02::12")
)

const proto = 112

func (c *cable) socket(o kernel.AdvertOptions) *kernel.AdvertSocket {
	c.t.Helper()
	s, err := kernel.OpenAdvertSocket(o)
	check(c.t, err)
	c.t.Cleanup(func() { check(c.t, s.Close()) })
	return s
}

func (c *cable) socket4(groups ...netip.Addr) *kernel.AdvertSocket {
	c.t.Helper()
	return c.socket(kernel.AdvertOptions{Interface: "eth0", Family: spec.IPv4, Groups: groups})
}

func (c *cable) socket6(groups ...netip.Addr) *kernel.AdvertSocket {
	c.t.Helper()
	return c.socket(kernel.AdvertOptions{Interface: "eth0", Family: spec.IPv6, Groups: groups})
}

// TestV01to05OnTheWire4: TTL 255, protocol 112, the group, the chosen source, also for unicast.
func TestV01to05OnTheWire4(t *testing.T) {
	c := newCable(t)
	ip(t, "addr add 10.0.0.1/24 dev eth0", "addr add 10.0.0.2/24 dev eth0", "neigh add 10.0.0.9 lladdr "+farMAC.String()+" dev eth0")
	s := c.socket4(group4)
	var batch []kernel.AdvertPacket
	for i := range 150 { // more than one system call takes
		p := kernel.AdvertPacket{Payload: []byte{0x21, byte(i), 100, 1, 0, 1, 0xba, 0xd5}, Src: addr("10.0.0.1"), Dst: group4}
		if i%3 == 1 {
			p.Src, p.Dst = addr("10.0.0.2"), addr("10.0.0.9")
		}
		batch = append(batch, p)
	}
	if n, err := s.Send(batch); n != len(batch) || err != nil {
		t.Fatalf("sent %d of %d: %v", n, len(batch), err)
	}
	for _, p := range batch {
		frame := c.next(14+9, proto)
		to := []byte{1, 0, 0x5e, 0, 0, 0x12}
		if p.Dst != group4 {
			to = farMAC[:]
		}
		dst, src := p.Dst.As4(), p.Src.As4()
		switch packet := frame[14:]; {
		case !bytes.Equal(frame[:6], to), !bytes.Equal(frame[6:12], nearMAC[:]):
			t.Fatalf("Ethernet header %x", frame[:14])
		case packet[8] != 255 || packet[1] != 0xc0:
			t.Fatalf("TTL %d, class %#x", packet[8], packet[1])
		case !bytes.Equal(packet[12:20], append(src[:], dst[:]...)):
			t.Fatalf("from and to %v, want %s and %s", packet[12:20], p.Src, p.Dst)
		case !bytes.Equal(packet[20:], p.Payload):
			t.Fatalf("payload %x, want %x", packet[20:], p.Payload)
		}
	}
	if n, err := s.Receive(make([]kernel.AdvertDatagram, 64)); n != 0 || err != nil {
		t.Errorf("V18: %d of our own advertisements came back, %v", n, err)
	}
}

// TestV02to05OnTheWire6: hop limit 255, the link-local source, and the checksum as it was built.
func TestV02to05OnTheWire6(t *testing.T) {
	c := newCable(t)
	own, err := c.LinkLocal(c.Index)
	check(t, err)
	payload := []byte{0x31, 7, 100, 1, 0, 100, 0xba, 0xd5, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10}
	ip(t, "neigh add fe80::9 lladdr "+farMAC.String()+" dev eth0")
	s := c.socket6(group6)
	if n, err := s.Send([]kernel.AdvertPacket{{Payload: payload, Src: own, Dst: group6}, {Payload: payload, Src: own, Dst: addr("fe80::9")}}); n != 2 || err != nil {
		t.Fatalf("sent %d, %v", n, err)
	}
	frame := c.next(14+6, proto)
	if unicast := c.next(14+6, proto); unicast[14+7] != 255 || !bytes.Equal(unicast[:6], farMAC[:]) {
		t.Errorf("unicast on the wire: %x", unicast)
	}
	src, dst := own.As16(), group6.As16()
	want := append([]byte{0x33, 0x33, 0, 0, 0, 0x12}, nearMAC[:]...)
	want = append(want, 0x86, 0xdd, 0x6c, 0, frame[16], frame[17], 0, byte(len(payload)), proto, 255) // the flow label is the kernel's
	want = slices.Concat(want, src[:], dst[:], payload)
	if frame[15] &= 0xf0; !bytes.Equal(frame, want) {
		t.Errorf("on the wire\n%x, want\n%x", frame, want)
	}
	if n, err := s.Receive(make([]kernel.AdvertDatagram, 64)); n != 0 || err != nil {
		t.Errorf("V18: %d of our own advertisements came back, %v", n, err)
	}
}

func TestSendErrorIsThatOfItsPacket(t *testing.T) {
	c := newCable(t)
	ip(t, "addr add 10.0.0.1/24 dev eth0")
	s := c.socket4()
	good := kernel.AdvertPacket{Payload: []byte{1}, Src: addr("10.0.0.1"), Dst: group4}
	for _, bad := range []kernel.AdvertPacket{
		{Payload: []byte{2}, Src: addr("10.9.9.9"), Dst: group4}, // not an address of this host
		{Payload: []byte{3}, Src: addr("fe80::1"), Dst: group6},
	} {
		batch := []kernel.AdvertPacket{good, good, bad, good}
		if n, err := s.Send(batch); n != 2 || err == nil {
			t.Errorf("sent %d, %v; want 2 and an error", n, err)
		}
		if n, err := s.Send(batch[3:]); n != 1 || err != nil {
			t.Errorf("the packet behind it: %d, %v", n, err)
		}
	}
	check(t, c.SetUp(c.Index, false))
	if n, err := s.Send([]kernel.AdvertPacket{good}); n != 0 || err == nil {
		t.Errorf("on an interface that is down: %d, %v", n, err)
	}
	check(t, c.SetUp(c.Index, true))
	if n, err := s.Send([]kernel.AdvertPacket{good}); n != 1 || err != nil {
		t.Errorf("up again: %d, %v", n, err)
	}
}

func TestOpenAdvertSocketErrors(t *testing.T) {
	newCable(t)
	_, err := kernel.OpenAdvertSocket(kernel.AdvertOptions{Interface: "none0", Family: spec.IPv4})
	if !errors.Is(err, unix.ENODEV) || err.Error() != "open ipv4 advertisement socket on none0: no such device" {
		t.Errorf("a missing interface: %v", err)
	}
	_, err = kernel.OpenAdvertSocket(kernel.AdvertOptions{Interface: "eth0", Family: spec.IPv4, Groups: []netip.Addr{group6}})
	if !errors.Is(err, unix.EAFNOSUPPORT) {
		t.Errorf("a group of the other family: %v", err)
	}
}

// The engine's loop lives without a garbage collector.
func TestWireDoesNotAllocate(t *testing.T) {
	c := newCable(t)
	own, err := c.LinkLocal(c.Index)
	check(t, err)
	a, err := kernel.OpenAnnouncer()
	check(t, err)
	defer func() { check(t, a.Close()) }()
	garp, err := kernel.GratuitousARP(c.Index, nearMAC, addr("10.0.0.1"))
	check(t, err)
	s := c.socket6(group6)
	batch, frames := make([]kernel.AdvertPacket, 10), []kernel.Frame{garp, garp}
	for i := range batch {
		batch[i] = kernel.AdvertPacket{Payload: []byte{1, 2}, Src: own, Dst: group6}
	}
	in := make([]kernel.AdvertDatagram, 64)
	advert := packet6(255, addr("fe80::2"), group6, []byte{1})
	got := 0
	for what, f := range map[string]func(){
		"Send":  func() { _, _ = s.Send(batch) },
		"Burst": func() { _, _ = a.Burst(frames) },
		"Receive": func() {
			_ = unix.Sendto(c.fd, advert, 0, &unix.SockaddrLinklayer{Ifindex: c.far.Index})
			n, _ := s.Receive(in)
			got += n
		},
	} {
		base := 0.0
		if what == "Receive" { // what the test's own sending allocates
			base = testing.AllocsPerRun(100, func() { _ = unix.Sendto(c.fd, advert, 0, &unix.SockaddrLinklayer{Ifindex: c.far.Index}) })
		}
		if n := testing.AllocsPerRun(100, f); n > base {
			t.Errorf("%s allocates %v times", what, n-base)
		}
	}
	if got == 0 {
		t.Error("nothing was received")
	}
}
