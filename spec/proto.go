package spec

import "fmt"

// Proto is the transport protocol of a virtual server, by its IP protocol number. 0 stands in keys of firewall-mark services,
// which carry every protocol.
type Proto uint8

// The protocols that IPVS schedules (net/netfilter/ipvs/ip_vs_proto_*.c).
const (
	TCP  Proto = 6
	UDP  Proto = 17
	SCTP Proto = 132
)

var protoNames = names[Proto]{"protocol", map[Proto]string{0: "", TCP: "tcp", UDP: "udp", SCTP: "sctp"}}

func (p Proto) String() string                { return protoNames.name(p) }
func (p Proto) MarshalText() ([]byte, error)  { return []byte(p.String()), nil }
func (p *Proto) UnmarshalText(b []byte) error { return protoNames.parse(p, b) }

// Family is the address family of a service or an address.
type Family uint8

// The two families.
const (
	IPv4 Family = 4
	IPv6 Family = 6
)

var familyNames = names[Family]{"family", map[Family]string{0: "", IPv4: "ipv4", IPv6: "ipv6"}}

func (f Family) String() string                { return familyNames.name(f) }
func (f Family) MarshalText() ([]byte, error)  { return []byte(f.String()), nil }
func (f *Family) UnmarshalText(b []byte) error { return familyNames.parse(f, b) }

// names maps the values of a small enumeration to the field's words for them and back.
type names[T ~uint8] struct {
	what string
	of   map[T]string
}

func (n names[T]) name(v T) string {
	if s, ok := n.of[v]; ok {
		return s
	}
	return fmt.Sprintf("%s(%d)", n.what, uint8(v))
}

func (n names[T]) parse(to *T, b []byte) error {
	for v, s := range n.of {
		if s == string(b) {
			*to = v
			return nil
		}
	}
	return fmt.Errorf("%s %q is not known", n.what, b)
}
