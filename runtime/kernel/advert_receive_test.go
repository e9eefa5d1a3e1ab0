package kernel_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel"
)

// packet4 is an IPv4 packet of protocol 112 in its frame (RFC 791, section 3.1).
func packet4(ttl uint8, src, dst netip.Addr, options, payload []byte) []byte {
	s, d := src.As4(), dst.As4()
	h := []byte{0x40 | byte(5+len(options)/4), 0, 0, 0, 0, 0, 0, 0, ttl, proto, 0, 0}
	h = slices.Concat(h, s[:], d[:], options)
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(payload)))
	sum := uint32(0)
	for i := 0; i < len(h); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(h[i:]))
	}
	sum = sum&0xffff + sum>>16
	binary.BigEndian.PutUint16(h[10:], ^uint16(sum+sum>>16))
	return slices.Concat(destination(dst), farMAC[:], []byte{8, 0}, h, payload)
}

// packet6 is an IPv6 packet of protocol 112 in its frame (RFC 8200, section 3).
func packet6(hops uint8, src, dst netip.Addr, payload []byte) []byte {
	s, d := src.As16(), dst.As16()
	h := []byte{0x60, 0, 0, 0, byte(len(payload) >> 8), byte(len(payload)), proto, hops}
	return slices.Concat(destination(dst), farMAC[:], []byte{0x86, 0xdd}, h, s[:], d[:], payload)
}

// destination is the Ethernet address of an IP address (RFC 1112, section 6.4; RFC 2464, section 7).
func destination(a netip.Addr) []byte {
	b := a.AsSlice()
	switch {
	case a.Is4() && a.IsMulticast():
		return []byte{1, 0, 0x5e, b[1] & 0x7f, b[2], b[3]}
	case a.IsMulticast():
		return []byte{0x33, 0x33, b[12], b[13], b[14], b[15]}
	}
	return nearMAC[:]
}

// heard waits until n datagrams were received, and is what they were.
func heard(t *testing.T, s *kernel.AdvertSocket, n int) (out []string) {
	t.Helper()
	in := make([]kernel.AdvertDatagram, 64)
	for len(out) < n {
		if ready, err := unix.Poll([]unix.PollFd{{Fd: int32(s.FD()), Events: unix.POLLIN}}, 10_000); ready == 0 || err != nil {
			t.Fatalf("%d of %d advertisements came, %v", len(out), n, err)
		}
		got, err := s.Receive(in)
		check(t, err)
		for _, d := range in[:got] {
			out = append(out, fmt.Sprintf("%s > %s ttl %d: %x", d.Src, d.Dst, d.TTL, d.Payload))
		}
	}
	return out
}

func sameLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("received\n%q, want\n%q", got, want)
	}
}

func TestReceive4(t *testing.T) {
	c := newCable(t)
	ip(t, "addr add 10.0.0.1/24 dev eth0", "addr add 10.0.0.7/24 dev eth0")
	s := c.socket4(group4)
	c.socket4(addr("224.0.0.19"))
	peer, msg := addr("10.0.0.2"), []byte{0x21, 1, 2, 3}
	routerAlert := []byte{0x94, 4, 0, 0}
	c.inject(packet4(255, peer, group4, nil, msg))
	c.inject(packet4(254, peer, group4, nil, msg))                        // V19 is judged by who knows the peers
	c.inject(append(packet4(255, peer, group4, nil, msg), 9, 9, 9, 9, 9)) // V22: padded
	c.inject(packet4(255, peer, group4, routerAlert, []byte{0x21, 2}))    // V33
	c.inject(packet4(255, peer, addr("224.0.0.19"), nil, msg))            // another joined it
	c.inject(packet4(64, peer, addr("10.0.0.1"), nil, make([]byte, 0)))   // nothing in it
	c.inject(packet4(64, peer, addr("10.0.0.7"), nil, []byte{0x21, 3}))   // unicast
	sameLines(t, heard(t, s, 6),
		"10.0.0.2 > 224.0.0.18 ttl 255: 21010203", "10.0.0.2 > 224.0.0.18 ttl 254: 21010203", "10.0.0.2 > 224.0.0.18 ttl 255: 21010203",
		"10.0.0.2 > 224.0.0.18 ttl 255: 2102", "10.0.0.2 > 10.0.0.1 ttl 64: ", "10.0.0.2 > 10.0.0.7 ttl 64: 2103")
}

func TestReceive6(t *testing.T) {
	c := newCable(t)
	own, err := c.LinkLocal(c.Index)
	check(t, err)
	s := c.socket6(group6)
	c.socket6(addr("ff02::13"))
	peer := addr("fe80::2")
	c.inject(packet6(255, peer, group6, []byte{0x31, 1}))
	c.inject(packet6(254, peer, group6, []byte{0x31, 2}))
	c.inject(packet6(255, peer, addr("ff02::13"), []byte{0x31, 4})) // another joined it
	c.inject(packet6(64, peer, own, []byte{0x31, 5}))
	sameLines(t, heard(t, s, 3), "fe80::2 > ff02::12 ttl 255: 3101", "fe80::2 > ff02::12 ttl 254: 3102", "fe80::2 > "+own.String()+" ttl 64: 3105")
}

// TestV52OtherInterfaces: what comes by another interface is not heard, though its group was joined there as well.
func TestV52OtherInterfaces(t *testing.T) {
	c := newCable(t)
	ip(t, "addr add 10.0.0.1/24 dev eth0", "link add eth1 type veth peer name far1", "link set eth1 up", "link set far1 up", "addr add 10.1.0.1/24 dev eth1")
	other := c.socket(kernel.AdvertOptions{Interface: "eth1", Family: 4, Groups: []netip.Addr{group4}})
	s := c.socket4(group4)
	c.inject(packet4(255, addr("10.0.0.2"), group4, nil, []byte{1}))
	sameLines(t, heard(t, s, 1), "10.0.0.2 > 224.0.0.18 ttl 255: 01")
	if n, err := other.Receive(make([]kernel.AdvertDatagram, 1)); n != 0 || err != nil {
		t.Errorf("the other interface's socket received %d, %v", n, err)
	}
}

func TestJoinAndLeave(t *testing.T) {
	c := newCable(t)
	ip(t, "addr add 10.0.0.1/24 dev eth0")
	own := addr("224.0.0.50")
	s := c.socket4(group4)
	check(t, s.Join(own))
	check(t, s.Join(own))
	c.inject(packet4(255, addr("10.0.0.2"), own, nil, []byte{1}))
	sameLines(t, heard(t, s, 1), "10.0.0.2 > 224.0.0.50 ttl 255: 01")
	check(t, s.Leave(own))
	check(t, s.Leave(own))
	c.inject(packet4(255, addr("10.0.0.2"), own, nil, []byte{2}))
	c.inject(packet4(255, addr("10.0.0.2"), group4, nil, []byte{3}))
	sameLines(t, heard(t, s, 1), "10.0.0.2 > 224.0.0.18 ttl 255: 03")
}

// A burst is read in several calls, each datagram once.
func TestReceiveInBatches(t *testing.T) {
	c := newCable(t)
	s := c.socket6(group6)
	const all = 200
	for i := range all {
		c.inject(packet6(255, addr("fe80::2"), group6, []byte{byte(i)}))
	}
	for i, line := range heard(t, s, all) {
		if want := fmt.Sprintf("fe80::2 > ff02::12 ttl 255: %02x", i); line != want {
			t.Fatalf("number %d is %s, want %s", i, line, want)
		}
	}
}

// An advertisement of 255 IPv6 addresses is 4,088 bytes long and comes in fragments.
func TestReceiveTheLongest(t *testing.T) {
	c := newCable(t)
	ip(t, "link set far mtu 9000", "link set eth0 mtu 9000")
	s := c.socket6(group6)
	c.inject(packet6(255, addr("fe80::2"), group6, make([]byte, 8+255*16)))
	c.inject(packet6(255, addr("fe80::2"), group6, make([]byte, 6000)))
	in := make([]kernel.AdvertDatagram, 2)
	for _, longest := range []bool{true, false} {
		n := 0
		for n == 0 {
			_, err := unix.Poll([]unix.PollFd{{Fd: int32(s.FD()), Events: unix.POLLIN}}, 10_000)
			check(t, err)
			n, err = s.Receive(in[:1])
			check(t, err)
		}
		if got := len(in[0].Payload); longest && got != 4088 || !longest && got <= 4088 {
			t.Errorf("longest %t: %d bytes", longest, got)
		}
	}
}
