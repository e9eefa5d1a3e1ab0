package connsync

import "slices"

// Hash identifies a connection on every director alike: protocol, client, virtual and real address, that is what all their tables show
// of it and what a failover needs. It is part of what directors tell each other, so it never changes: FNV-1a of 64 bits, mixed once
// more (the finaliser of MurmurHash3), for FNV's low bits alone are uneven.
func (c *Conn) Hash() uint64 {
	h := uint64(0xcbf29ce484222325)
	add := func(b byte) { h = (h ^ uint64(b)) * 0x100000001b3 }
	add(c.Proto)
	for _, ap := range [...]struct {
		a [16]byte
		p uint16
	}{{c.Client.Addr().As16(), c.Client.Port()}, {c.Virtual.Addr().As16(), c.Virtual.Port()}, {c.Real.Addr().As16(), c.Real.Port()}} {
		for _, b := range ap.a {
			add(b)
		}
		add(byte(ap.p >> 8))
		add(byte(ap.p))
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// MaxSample is how many hashes a sample holds at most.
const MaxSample = 4096

// Sample is a part of a table that every director chooses alike: the connections whose hash has the lowest Bits bits zero. The zero
// value is the sample of an empty table.
type Sample struct {
	Total  int // connections that were added
	Bits   uint8
	Hashes []uint64
}

// Add adds a connection. When too many were taken, every other one goes.
func (s *Sample) Add(c *Conn) {
	s.Total++
	h := c.Hash()
	if !within(h, s.Bits) {
		return
	}
	s.Hashes = append(s.Hashes, h)
	for len(s.Hashes) > MaxSample {
		s.Bits++
		s.Hashes = slices.DeleteFunc(s.Hashes, func(h uint64) bool { return !within(h, s.Bits) })
	}
}

func within(h uint64, bits uint8) bool { return h&(1<<bits-1) == 0 }

// Known counts how many of a master's connections a backup holds, among those that both samples would have taken.
func Known(master, backup Sample) (sampled, known int) {
	bits := max(master.Bits, backup.Bits)
	has := make(map[uint64]bool, len(backup.Hashes))
	for _, h := range backup.Hashes {
		has[h] = true
	}
	for _, h := range master.Hashes {
		if within(h, bits) {
			sampled++
			if has[h] {
				known++
			}
		}
	}
	return sampled, known
}
