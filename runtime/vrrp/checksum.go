package vrrp

import (
	"encoding/binary"
	"net/netip"
)

// sumWords adds the 16-bit words of b to sum. All messages are of an even length, and their words fit without a carry out of 32 bits
// (RFC 1071).
func sumWords(sum uint32, b []byte) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	return sum
}

// sumPseudo adds the pseudo header: addresses, length and protocol. The words are the same in the forms of IPv4 (RFC 768) and IPv6
// (RFC 8200, section 8.1), since their paddings are zero.
func sumPseudo(sum uint32, src, dst netip.Addr, length int) uint32 {
	sum = sumAddr(sumAddr(sum, src), dst)
	return sum + protocol + uint32(length)
}

func sumAddr(sum uint32, a netip.Addr) uint32 {
	if a.Is4() {
		raw := a.As4()
		return sumWords(sum, raw[:])
	}
	raw := a.As16()
	return sumWords(sum, raw[:])
}

// fold brings the carries back into 16 bits.
func fold(sum uint32) uint16 {
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}
