package connsync

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// The options of a connection (ip_vs_sync.c, IPVS_OPT_*). One with the bit optOptional may be passed over by who does not know them.
const (
	optSeq        = 1
	optEngineData = 2
	optEngineName = 3
	optOptional   = 1 << 6

	maxEngineName = 16
	maxEngineData = 255
	seqSize       = 24
)

// Parse reads a message of version 1 and appends its connections to dst. It refuses what the kernel refuses, and a message of version 0,
// whose header ParseHeader reads.
func Parse(b []byte, dst []Conn) (Header, []Conn, error) {
	h, err := ParseHeader(b, len(b))
	if err != nil {
		return h, dst, err
	}
	if h.Version != 1 {
		return h, dst, fmt.Errorf("%w of version 1", errMessage)
	}
	at := headerSize
	for i := range h.Count {
		if at+sizeV4 > len(b) {
			return h, dst, fmt.Errorf("%w: connection %d is cut", errMessage, i+1)
		}
		length := int(binary.BigEndian.Uint16(b[at+2:])) // with the version of the record, 0, in the upper four bits
		if length > 0x0fff || at+length > len(b) {
			return h, dst, fmt.Errorf("%w: connection %d has length %#x", errMessage, i+1, length)
		}
		var c Conn
		if err := c.parse(b[at : at+length]); err != nil {
			return h, dst, fmt.Errorf("%w: connection %d: %w", errMessage, i+1, err)
		}
		dst = append(dst, c)
		at += (length + 3) &^ 3
	}
	return h, dst, nil
}

func (c *Conn) parse(b []byte) error {
	size := sizeV4
	if len(b) > 0 && b[0]&1 != 0 {
		size = sizeV6
	} else if len(b) > 0 && b[0] != 0 {
		return fmt.Errorf("unknown type %d", b[0])
	}
	if len(b) < size {
		return fmt.Errorf("%d bytes", len(b))
	}
	be := binary.BigEndian
	*c = Conn{Proto: b[1], Flags: be.Uint32(b[4:]), State: be.Uint16(b[8:]), Mark: be.Uint32(b[16:]), Timeout: be.Uint32(b[20:])}
	for i, ap := range []*netip.AddrPort{&c.Client, &c.Virtual, &c.Real} {
		width := (size - 24) / 3
		a, _ := netip.AddrFromSlice(b[24+i*width : 24+(i+1)*width])
		*ap = netip.AddrPortFrom(a, be.Uint16(b[10+2*i:]))
	}
	return c.options(b[size:])
}

func (c *Conn) options(b []byte) error {
	seen := 0
	for len(b) > 0 {
		if len(b) < 2 || b[1] == 0 || 2+int(b[1]) > len(b) {
			return fmt.Errorf("cut option")
		}
		kind, data := b[0]&^optOptional, b[2:2+int(b[1])]
		if seen&(1<<min(kind, 8)) != 0 && kind <= optEngineName {
			return fmt.Errorf("option %d comes twice", kind)
		}
		seen |= 1 << min(kind, 8)
		switch {
		case kind == optSeq && len(data) == seqSize:
			c.In, c.Out = sequence(data), sequence(data[seqSize/2:])
		case kind == optEngineData:
			c.EngineData = append([]byte(nil), data...)
		case kind == optEngineName && len(data) <= maxEngineName:
			c.Engine = string(data)
		case kind <= optEngineName && kind > 0:
			return fmt.Errorf("option %d of %d bytes", kind, len(data))
		case b[0]&optOptional == 0:
			return fmt.Errorf("unknown option %d", kind)
		}
		b = b[2+len(data):]
	}
	return nil
}

func sequence(b []byte) Sequence {
	be := binary.BigEndian
	return Sequence{be.Uint32(b), be.Uint32(b[4:]), be.Uint32(b[8:])}
}
