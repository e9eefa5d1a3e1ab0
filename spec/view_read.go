package spec

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"time"
)

var errMalformedView = errors.New("it is malformed")

// viewReader decodes what a viewWriter wrote. The first thing that is wrong makes it bad, and all that follows zero.
type viewReader struct {
	b     []byte
	head  *viewHead
	bad   bool
	real  slab[RealServer]
	addrs slab[netip.Addr]
	ports slab[uint16]
}

// slab hands out slices of one large piece: tens of thousands of small allocations cost more than decoding.
type slab[T any] struct{ free []T }

func (s *slab[T]) take(n int) []T {
	const piece = 1024
	if n == 0 {
		return nil
	}
	if len(s.free) < n {
		s.free = make([]T, max(n, piece))
	}
	out := s.free[:n:n]
	s.free = s.free[n:]
	return out
}

func (r *viewReader) fail() { r.b, r.bad = nil, true }

// uint is a number that is not above most.
func (r *viewReader) uint(most uint64) uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 && uint64(r.b[0]) <= most { // by far the most frequent
		v := r.b[0]
		r.b = r.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > most {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *viewReader) uint32() uint32 { return uint32(r.uint(math.MaxUint32)) }
func (r *viewReader) uint16() uint16 { return uint16(r.uint(math.MaxUint16)) }

// count is how many of something follow, each of which takes at least one byte.
func (r *viewReader) count() int { return int(r.uint(uint64(len(r.b)))) }

func (r *viewReader) bytes(n int) []byte {
	if n > len(r.b) {
		r.fail()
		return make([]byte, n)
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *viewReader) byte() byte { return r.bytes(1)[0] }

func (r *viewReader) text() string { return string(r.bytes(r.count())) }

func (r *viewReader) word() string {
	n := r.uint(math.MaxUint32)
	if n >= uint64(len(r.head.Words)) {
		r.fail()
		return ""
	}
	return r.head.Words[n]
}

func (r *viewReader) addr() netip.Addr {
	b := r.bytes(int(r.byte()))
	if len(b) == 4 { // mostly
		return netip.AddrFrom4([4]byte(b))
	}
	var a netip.Addr
	if err := a.UnmarshalBinary(b); err != nil {
		r.fail()
	}
	return a
}

func (r *viewReader) mark() Mark { return Mark{Line: r.uint32(), Col: r.uint16(), Len: r.uint16()} }

func (r *viewReader) bits() rareBits {
	n := r.uint(uint64(len(r.head.Rare)))
	if n == 0 {
		return rareBits{}
	}
	return r.head.Rare[n-1]
}

// servers are those of a cluster.
func (r *viewReader) servers() []Placed[VirtualServer] {
	n := r.count()
	if n == 0 {
		return nil
	}
	out, defs := make([]Placed[VirtualServer], n), make([]VirtualServer, n)
	for i := 0; i < n && !r.bad; i++ {
		out[i] = Placed[VirtualServer]{&defs[i], Place{File: r.word(), Base: r.uint32()}}
		r.server(&defs[i])
	}
	return out
}

func (r *viewReader) server(v *VirtualServer) {
	v.Name = r.text()
	v.Addresses = r.addrs.take(r.count())
	for i := range v.Addresses {
		v.Addresses[i] = r.addr()
	}
	v.Ports = r.ports.take(r.count())
	for i := range v.Ports {
		v.Ports[i] = r.uint16()
	}
	v.Protocol, v.Family, v.Service.Netmask = Proto(r.byte()), Family(r.byte()), r.byte()
	flags := r.byte()
	v.Inhibit, v.StartDown, v.PreventDestroy = flags&1 != 0, flags&2 != 0, flags&4 != 0
	v.FWMark, v.Service.Flags, v.Service.Persistence = r.uint32(), ServiceFlags(r.uint32()), r.uint32()
	v.Quorum, v.Hysteresis = r.uint32(), r.uint32()
	v.DrainTimeout, v.SlowStart = time.Duration(r.uint(math.MaxInt64)), time.Duration(r.uint(math.MaxInt64))
	v.Service.Scheduler, v.Service.Engine, v.Description, v.Owner = r.word(), r.word(), r.word(), r.word()
	v.At = r.mark()
	rare := r.bits()
	v.SorryServer, v.HealthChecks = rare.Sorry, rare.Checks
	v.RealServers = r.real.take(r.count())
	for i := 0; i < len(v.RealServers) && !r.bad; i++ {
		r.realServer(&v.RealServers[i])
	}
	v.countPaths()
}

func (r *viewReader) realServer(s *RealServer) {
	s.Addr = netip.AddrPortFrom(r.addr(), r.uint16())
	d := &s.Dest
	d.Weight = int32(r.uint32())
	d.Forward, d.Tunnel.Type, d.Tunnel.Checksum = Forward(r.byte()), TunnelType(r.byte()), TunnelSum(r.byte())
	d.Tunnel.Port, d.Upper, d.Lower = r.uint16(), r.uint32(), r.uint32()
	s.At = r.mark()
	s.HealthChecks = r.bits().Checks
}
