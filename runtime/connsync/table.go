package connsync

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
)

var errLine = errors.New("not a line of a connection table")

// ParseLine reads a line of /proc/net/ip_vs_conn (ip_vs_conn.c, ip_vs_conn_seq_show), without its end. Timeout is how many seconds the
// connection has left. It is not synchronised when it is of another protocol or state than those that are, and when client and real
// server are of different families: the protocol has no words for these. The line is not kept.
//
// A template shows by its port 0 and its state. Linux before 4.19 names its state otherwise; there a template counts as not synchronised.
func ParseLine(line []byte) (c Conn, synced bool, err error) {
	var f [9][]byte // Pro FromIP FPrt ToIP TPrt DestIP DPrt State Expires
	rest := line
	for i := range f {
		if f[i], rest = word(rest); len(f[i]) == 0 {
			return Conn{}, false, fmt.Errorf("%w: %q", errLine, line)
		}
	}
	client, ok1 := endpoint(f[1], f[2])
	virtual, ok2 := endpoint(f[3], f[4])
	server, ok3 := endpoint(f[5], f[6])
	left, ok4 := seconds(f[8])
	if !ok1 || !ok2 || !ok3 || !ok4 || client.Addr().Is4() != virtual.Addr().Is4() {
		return Conn{}, false, fmt.Errorf("%w: %q", errLine, line)
	}
	c = Conn{Timeout: left, Client: client, Virtual: virtual, Real: server}
	proto, known := protocol(f[0])
	if !known || client.Addr().Is4() != server.Addr().Is4() {
		return c, false, nil
	}
	state := f[7]
	template := client.Port() == 0 && (string(state) == "NONE" || string(state) == "ASSURED")
	c.Proto = proto
	c.State, synced = stateOf(proto, template, state)
	c.Flags = flagsOf(proto, template, c.State)
	if template && proto == IP {
		// net/netfilter/ipvs/ip_vs_core.c, ip_vs_sched_persist: the mark stands in the first four bytes.
		c.Mark = binary.BigEndian.Uint32(virtual.Addr().AsSlice())
	}
	if name, data := word(rest); template && len(name) > 0 && len(data) > 1 && len(data) <= maxEngineData+1 && len(name) <= maxEngineName {
		c.Engine, c.EngineData = string(name), bytes.Clone(data[1:])
	}
	return c, synced, nil
}

// word is the first word of b, and what follows it.
func word(b []byte) (first, rest []byte) {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	if i := bytes.IndexByte(b, ' '); i >= 0 {
		return b[:i], b[i:]
	}
	return b, nil
}

func protocol(name []byte) (uint8, bool) {
	switch string(name) {
	case "TCP":
		return TCP, true
	case "UDP":
		return UDP, true
	case "SCTP":
		return SCTP, true
	case "IP":
		return IP, true
	}
	return 0, false
}

// endpoint reads an address, eight digits or eight groups of four, and a port; all of them hexadecimal and of full length.
func endpoint(addr, port []byte) (netip.AddrPort, bool) {
	p, ok := hex(port)
	if !ok || len(port) != 4 {
		return netip.AddrPort{}, false
	}
	switch len(addr) {
	case 8:
		n, ok := hex(addr)
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), uint16(p)), ok
	case 39:
		var out [16]byte
		for i := range 8 {
			n, ok := hex(addr[5*i : 5*i+4])
			if !ok || i < 7 && addr[5*i+4] != ':' {
				return netip.AddrPort{}, false
			}
			out[2*i], out[2*i+1] = byte(n>>8), byte(n)
		}
		return netip.AddrPortFrom(netip.AddrFrom16(out), uint16(p)), true
	}
	return netip.AddrPort{}, false
}

// hex reads up to eight digits.
func hex(b []byte) (n uint32, ok bool) {
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		default:
			return 0, false
		}
		n = n<<4 | uint32(c)
	}
	return n, true
}

// seconds reads a number. The kernel prints a huge one for a timer that has just run out; it stands for 0.
func seconds(b []byte) (uint32, bool) {
	var n uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + uint64(c-'0'); n > math.MaxInt32 {
			n = math.MaxInt32 + 1
		}
	}
	if n > math.MaxInt32 {
		n = 0
	}
	return uint32(n), true
}
