package connsync

import (
	"encoding/binary"
	"net/netip"
)

// maxCount is how many connections the header of a message can count.
const maxCount = 255

// Packer fills messages of version 1.
type Packer struct {
	max, count int
	syncid     uint8
	buf        []byte
}

// NewPacker fills messages of at most maxlen bytes, and of one connection where that is longer.
func NewPacker(syncid uint8, maxlen uint16) *Packer {
	return &Packer{max: int(maxlen), syncid: syncid, buf: make([]byte, headerSize, max(int(maxlen), 512))}
}

// Add puts a connection into the message. False: it is full, and has to be taken first. Sequence numbers are not sent.
func (p *Packer) Add(c *Conn) bool {
	pad := -len(p.buf) & 3
	length := c.length()
	if p.count == maxCount || p.count > 0 && len(p.buf)+pad+length > p.max {
		return false
	}
	p.buf = append(p.buf, make([]byte, pad)...)
	p.buf = c.append(p.buf, length)
	p.count++
	return true
}

// Take is the message, and begins the next; it is valid until the next Add. nil: it holds nothing.
func (p *Packer) Take() []byte {
	if p.count == 0 {
		return nil
	}
	out := p.buf
	copy(out, []byte{0, p.syncid, 0, 0, byte(p.count), 1, 0, 0})
	binary.BigEndian.PutUint16(out[2:], uint16(len(out)))
	p.buf, p.count = p.buf[:headerSize], 0
	return out
}

func (c *Conn) length() int {
	n := sizeV4
	if !c.Client.Addr().Is4() {
		n = sizeV6
	}
	if c.Engine != "" {
		n += 2 + len(c.EngineData) + 2 + len(c.Engine)
	}
	return n
}

// append writes the record of a connection (struct ip_vs_sync_v4, ip_vs_sync_v6), whose upper four bits of length are its version, 0.
func (c *Conn) append(b []byte, length int) []byte {
	be := binary.BigEndian
	var kind byte
	if !c.Client.Addr().Is4() {
		kind = 1
	}
	b = be.AppendUint16(append(b, kind, c.Proto), uint16(length))
	b = be.AppendUint16(be.AppendUint32(b, c.Flags), c.State)
	b = be.AppendUint16(be.AppendUint16(be.AppendUint16(b, c.Client.Port()), c.Virtual.Port()), c.Real.Port())
	b = be.AppendUint32(be.AppendUint32(b, c.Mark), c.Timeout)
	for _, a := range []netip.Addr{c.Client.Addr(), c.Virtual.Addr(), c.Real.Addr()} {
		if kind == 0 {
			a4 := a.As4()
			b = append(b, a4[:]...)
		} else {
			a16 := a.As16()
			b = append(b, a16[:]...)
		}
	}
	if c.Engine != "" {
		b = append(append(b, optEngineData, byte(len(c.EngineData))), c.EngineData...)
		b = append(append(b, optEngineName, byte(len(c.Engine))), c.Engine...)
	}
	return b
}
