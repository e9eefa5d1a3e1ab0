package kernel

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// Attributes and constants that x/sys does not name (include/uapi/linux/if_addr.h).
const (
	ifaProto     = 11
	infiniteLife = 0xffffffff
)

var scopes = map[string]uint8{"global": unix.RT_SCOPE_UNIVERSE, "site": unix.RT_SCOPE_SITE, "link": unix.RT_SCOPE_LINK, "host": unix.RT_SCOPE_HOST}

func scopeName(n uint8) string {
	for name, number := range scopes {
		if number == n {
			return name
		}
	}
	return strconv.Itoa(int(n))
}

// addressHeader is struct ifaddrmsg with the address itself.
func (m *messages) addressHeader(a InterfaceAddress, flags, scope uint8) {
	m.buf = append(m.buf, addressFamily(a.Prefix.Addr()), uint8(a.Prefix.Bits()), flags, scope)
	m.buf = binary.NativeEndian.AppendUint32(m.buf, uint32(a.IfIndex))
	m.addr(unix.IFA_LOCAL, a.Prefix.Addr())
	m.addr(unix.IFA_ADDRESS, a.Prefix.Addr())
}

func (m *messages) addr(attr uint16, a netip.Addr) {
	if a.Is4() {
		b := a.As4()
		m.bytes(attr, b[:])
		return
	}
	b := a.As16()
	m.bytes(attr, b[:])
}

// address is everything of an address that is added.
func (m *messages) address(a InterfaceAddress) {
	if a.Prefix.Addr().Is4() {
		m.addressHeader(a, 0, scopes[a.Scope])
		if a.Label != "" {
			m.text(unix.IFA_LABEL, a.Label)
		}
		if a.Broadcast.IsValid() {
			m.addr(unix.IFA_BROADCAST, a.Broadcast)
		}
	} else {
		// A failover must not wait a second for duplicate address detection; who holds the address is settled by election.
		m.addressHeader(a, unix.IFA_F_NODAD, scopes[a.Scope])
		if a.Prefix.IsSingleIP() {
			m.neverSource()
		}
	}
	m.u8(ifaProto, ProtoVRRP)
}

// neverSource keeps the host from choosing a /128 as the source of its own connections, which would break when the address moves: its
// preferred lifetime is over (RFC 6724, section 5, rule 3). keepalived does the same.
func (m *messages) neverSource() {
	m.header(unix.IFA_CACHEINFO, unix.SizeofIfaCacheinfo)
	m.buf = binary.NativeEndian.AppendUint32(m.buf, 0)
	m.buf = binary.NativeEndian.AppendUint32(m.buf, infiniteLife)
	m.buf = append(m.buf, make([]byte, 8)...)
}

// decodeAddress reads a message about an address; false: it is of another family than IP.
func decodeAddress(body []byte) (out LiveAddress, ok bool, err error) {
	if len(body) < unix.SizeofIfAddrmsg {
		return LiveAddress{}, false, fmt.Errorf("decode address: %w", errShort)
	}
	if body[0] != unix.AF_INET && body[0] != unix.AF_INET6 {
		return LiveAddress{}, false, nil
	}
	flags := uint32(body[2])
	out.IfIndex, out.Scope = int(binary.NativeEndian.Uint32(body[4:])), scopeName(body[3])
	var local, remote netip.Addr
	at := attrs{rest: body[unix.SizeofIfAddrmsg:]}
	for at.next() {
		switch at.typ {
		case unix.IFA_LOCAL:
			local, _ = netip.AddrFromSlice(at.val)
		case unix.IFA_ADDRESS:
			remote, _ = netip.AddrFromSlice(at.val)
		case unix.IFA_BROADCAST:
			out.Broadcast, _ = netip.AddrFromSlice(at.val)
		case unix.IFA_LABEL:
			out.Label = at.text()
		case unix.IFA_FLAGS:
			flags = at.u32()
		case ifaProto:
			out.Proto = at.u8()
		}
	}
	if !local.IsValid() {
		local = remote // IPv6 names both only where there is a peer
	}
	out.Prefix = netip.PrefixFrom(local, int(body[1]))
	out.Tentative = local.Is6() && flags&(unix.IFA_F_TENTATIVE|unix.IFA_F_DADFAILED) != 0
	if at.err == nil && !out.Prefix.IsValid() {
		at.err = errMalformed
	}
	return out, true, wrong("address", at.err)
}
