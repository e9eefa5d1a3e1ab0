package kernel

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

func header4(ihl byte, total uint16, rest ...byte) []byte {
	b := []byte{0x40 | ihl, 0, byte(total >> 8), byte(total), 0, 0, 0, 0, 255, 112, 0, 0, 10, 0, 0, 2, 224, 0, 0, 18}
	return append(b, rest...)
}

// TestV22V33Lengths: the header's lengths are believed only where they fit each other and what was read.
func TestV22V33Lengths(t *testing.T) {
	for name, c := range map[string]struct {
		packet  []byte
		payload []byte // nil: malformed
	}{
		"plain":                    {header4(5, 24, 1, 2, 3, 4), []byte{1, 2, 3, 4}},
		"padded":                   {header4(5, 22, 1, 2, 3, 4), []byte{1, 2}},
		"options":                  {header4(6, 26, 0x94, 4, 0, 0, 1, 2), []byte{1, 2}},
		"empty":                    {header4(5, 20), []byte{}},
		"cut by the reader":        {header4(5, 2000, 1, 2), []byte{1, 2}},
		"header too short":         {header4(4, 24, 1, 2, 3, 4), nil},
		"header beyond the total":  {header4(7, 24, 1, 2, 3, 4, 5, 6, 7, 8), nil},
		"header beyond the packet": {header4(15, 100, 1, 2), nil},
		"total below the header":   {header4(5, 19, 1, 2), nil},
		"version 6":                {append([]byte{0x65}, header4(5, 24, 1, 2, 3, 4)[1:]...), nil},
		"nearly nothing":           {[]byte{0x45, 0, 0}, nil},
		"nothing":                  {nil, nil},
	} {
		d, ok := datagram4(c.packet)
		if ok != (c.payload != nil) || !bytes.Equal(d.Payload, c.payload) {
			t.Errorf("%s: %x %t, want %x", name, d.Payload, ok, c.payload)
		}
		if ok && (d.Src != netip.MustParseAddr("10.0.0.2") || d.Dst != netip.MustParseAddr("224.0.0.18") || d.TTL != 255) {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func FuzzDatagram4(f *testing.F) {
	f.Add(header4(5, 24, 1, 2, 3, 4))
	f.Add(header4(6, 26, 0x94, 4, 0, 0, 1, 2))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, ok := datagram4(b)
		if ok && len(d.Payload) > len(b)-20 {
			t.Errorf("%d bytes of %d", len(d.Payload), len(b))
		}
	})
}

// control is a control message, in memory as the kernel writes it.
func control(level, typ int32, size int, data ...byte) []byte {
	h := unix.Cmsghdr{Level: level, Type: typ}
	h.SetLen(size)
	b := slices.Concat((*[unix.SizeofCmsghdr]byte)(unsafe.Pointer(&h))[:], data)
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

func TestControlMessages(t *testing.T) {
	hops := control(unix.IPPROTO_IPV6, unix.IPV6_HOPLIMIT, 20, 254, 0, 0, 0)
	dst := netip.MustParseAddr("ff02::12").As16()
	info := control(unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, 36, append(dst[:], 7, 0, 0, 0)...)
	other := control(unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 17, 1)
	all := packetInfo{index: 7, dst: netip.AddrFrom16(dst), hops: 254}
	none := packetInfo{hops: -1}
	for name, c := range map[string]struct {
		b    []byte
		want packetInfo
	}{
		"both":              {slices.Concat(hops, info), all},
		"behind another":    {slices.Concat(other, info, hops), all},
		"IPv4":              {control(unix.IPPROTO_IP, unix.IP_PKTINFO, 28, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), packetInfo{index: 9, hops: -1}},
		"length of nothing": {control(unix.IPPROTO_IPV6, unix.IPV6_HOPLIMIT, 0, 254, 0, 0, 0), none},
		"length too long":   {control(unix.IPPROTO_IPV6, unix.IPV6_HOPLIMIT, 200, 254, 0, 0, 0), none},
		"value too short":   {control(unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, 20, 1, 2, 3, 4), none},
		"cut":               {hops[:10], none},
	} {
		got := packetInfo{hops: -1}
		if got.read(c.b); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestV52InterfaceOfEachPacket: the socket is bound to its interface, and looks all the same.
func TestV52InterfaceOfEachPacket(t *testing.T) {
	s := &AdvertSocket{index: 7, in: newAdvertInbox(false), groups: []netip.Addr{netip.MustParseAddr("224.0.0.18")}}
	m := &s.in.msgs[0]
	m.n = uint32(copy(s.in.room, header4(5, 24, 1, 2, 3, 4)))
	for _, index := range []byte{7, 9, 0} {
		c := control(unix.IPPROTO_IP, unix.IP_PKTINFO, 28, index, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		copy(unsafe.Slice(m.hdr.Control, len(c)), c)
		m.hdr.SetControllen(len(c))
		if _, ok := s.judge(0); ok != (index == 7) {
			t.Errorf("interface %d: taken %t", index, ok)
		}
	}
}
