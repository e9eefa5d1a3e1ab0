package vrrp

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// AppendAdvert appends the message to b. Source and destination of its IP packet belong to the checksum of IPv6 and of SumPseudo: a
// message to several unicast peers differs by peer. Check must have accepted a.
func AppendAdvert(b []byte, a *Advert, src, dst netip.Addr) []byte {
	start := len(b)
	b = append(b, a.Version<<4|typeAdvert, a.RouterID, a.Priority, uint8(len(a.Addrs)))
	if a.Version == 2 {
		b = append(b, a.AuthType, uint8(a.Interval/time.Second))
	} else {
		b = binary.BigEndian.AppendUint16(b, uint16(a.Interval/centi))
	}
	b = append(b, 0, 0)
	for _, addr := range a.Addrs {
		b = appendAddr(b, addr)
	}
	if a.Version == 2 {
		b = append(b, a.Auth[:]...)
	}
	msg := b[start:]
	sum := sumWords(0, msg)
	if src.Is6() || a.Version == 3 && a.Sum == SumPseudo {
		sum = sumPseudo(sum, src, dst, len(msg))
	}
	binary.BigEndian.PutUint16(msg[6:], ^fold(sum))
	return b
}

func appendAddr(b []byte, a netip.Addr) []byte {
	if a.Is4() {
		raw := a.As4()
		return append(b, raw[:]...)
	}
	raw := a.As16()
	return append(b, raw[:]...)
}
