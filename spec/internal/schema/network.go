package schema

import (
	"fmt"
	"net/netip"
	"strings"
)

// network reads the kinds that hold addresses.
func (d *Decoder) network(a *Attr, r raw, v *Value) bool {
	var err error
	switch a.Kind {
	case Address:
		v.Addr, err = host(r.str)
	case Group:
		v.Addr, err = netip.ParseAddr(r.str)
		if err == nil && !v.Addr.IsMulticast() {
			err = fmt.Errorf("it is not a multicast address: write one from 224.0.0.0/4 or ff00::/8")
		}
	case Prefix:
		v.Prefix, err = prefix(r.str)
	case AddrPort:
		v.Addr, v.Port, err = addrPort(r.str)
	case Span:
		v.Addr, v.Last, err = span(r.str)
	}
	if err == nil {
		return true
	}
	why := err.Error()
	if strings.HasPrefix(why, "ParseAddr") || strings.HasPrefix(why, "netip.") {
		why = "write " + sample(a)
	}
	d.Error(r.rng, "Not "+article(kindWords[a.Kind], false), fmt.Sprintf("%s %q: %s.", a.Name, r.str, why))
	return false
}

// host is an address that one host can have.
func host(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		return a, err
	case a.Zone() != "":
		return a, fmt.Errorf("an address with a zone is not possible here: write it without %%%s", a.Zone())
	case a.Is4In6():
		return a, fmt.Errorf("write the IPv4 address itself, %s", a.Unmap())
	case a.IsMulticast():
		return a, fmt.Errorf("a multicast address belongs to no host: write a unicast address")
	case a.IsUnspecified():
		return a, fmt.Errorf("this address means \"any\": write the one that is meant")
	case a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return a, fmt.Errorf("a broadcast address belongs to no host: write a unicast address")
	}
	return a, nil
}

func prefix(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		return netip.PrefixFrom(a, a.BitLen()), err
	}
	return netip.ParsePrefix(s)
}

func addrPort(s string) (netip.Addr, uint16, error) {
	if a, err := host(s); err == nil || !strings.Contains(s, ":") {
		return a, 0, err
	}
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return netip.Addr{}, 0, err
	}
	if ap.Port() == 0 {
		return netip.Addr{}, 0, fmt.Errorf("port 0 is not a port: leave :0 out to use the port of the service")
	}
	a, err := host(ap.Addr().String())
	return a, ap.Port(), err
}

// span is the first and last address of "a", "a-b" and "a/n".
func span(s string) (first, last netip.Addr, err error) {
	if from, to, ok := strings.Cut(s, "-"); ok {
		if first, err = host(strings.TrimSpace(from)); err != nil {
			return
		}
		if last, err = host(strings.TrimSpace(to)); err != nil {
			return
		}
		if first.BitLen() != last.BitLen() || last.Less(first) {
			err = fmt.Errorf("the range runs backwards or mixes IPv4 and IPv6: write FIRST-LAST")
		}
		return first, last, err
	}
	if !strings.Contains(s, "/") {
		first, err = host(s)
		return first, first, err
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return first, last, err
	}
	if p.Masked() != p {
		return first, last, fmt.Errorf("it has bits behind its length: write %s for the network or %s for the address", p.Masked(), p.Addr())
	}
	if _, err = host(p.Addr().String()); err != nil {
		return first, last, err
	}
	return p.Addr(), lastOf(p), nil
}

// lastOf is the highest address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
