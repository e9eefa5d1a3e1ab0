package spec

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Kind names the class of an object, as operators call it.
type Kind string

// The kinds of objects that a State holds.
const (
	KindService    Kind = "service"
	KindRealServer Kind = "real server"
	KindSyncDaemon Kind = "sync daemon"
	KindTimeout    Kind = "timeout"
	KindSysctl     Kind = "sysctl"
)

// Key is the identity of an object. Keys are small comparable values; their String is what operators read and type.
type Key interface {
	Kind() Kind
	String() string
}

// ServiceKey is the identity of an IPVS service: an address with port and protocol, or a firewall mark with a family.
// Port 0 is a service of every port (it needs persistence). Build it with AddrService or MarkService.
type ServiceKey struct {
	FWMark uint32         // 0 for a service by address
	Family Family         // that of the address, or of the mark's packets
	Proto  Proto          // 0 for a firewall mark
	Addr   netip.AddrPort // zero for a firewall mark
}

// AddrService is the key of a service by address.
func AddrService(p Proto, ap netip.AddrPort) ServiceKey {
	return ServiceKey{Family: FamilyOf(ap.Addr()), Proto: p, Addr: ap}
}

// MarkService is the key of a firewall-mark service.
func MarkService(mark uint32, f Family) ServiceKey { return ServiceKey{FWMark: mark, Family: f} }

// FamilyOf is the family of an address.
func FamilyOf(a netip.Addr) Family {
	if a.Is4() {
		return IPv4
	}
	return IPv6
}

// Kind is KindService.
func (k ServiceKey) Kind() Kind { return KindService }

// String is "tcp 192.0.2.1:80" or "fwmark 7 ipv4".
func (k ServiceKey) String() string { return string(k.AppendText(nil)) }

// AppendText appends String without further allocation.
func (k ServiceKey) AppendText(b []byte) []byte {
	if k.FWMark != 0 {
		b = append(b, "fwmark "...)
		b = strconv.AppendUint(b, uint64(k.FWMark), 10)
		return append(append(b, ' '), k.Family.String()...)
	}
	return k.Addr.AppendTo(append(append(b, k.Proto.String()...), ' '))
}

// Compare orders services by mark, address, port and protocol.
func (k ServiceKey) Compare(o ServiceKey) int {
	return cmp.Or(cmp.Compare(k.FWMark, o.FWMark), cmp.Compare(k.Family, o.Family), k.Addr.Compare(o.Addr), cmp.Compare(k.Proto, o.Proto))
}

// ParseServiceKey reads the String form.
func ParseServiceKey(s string) (ServiceKey, error) {
	word, rest, _ := strings.Cut(strings.TrimSpace(s), " ")
	if word == "fwmark" {
		return parseMark(rest)
	}
	var p Proto
	if err := p.UnmarshalText([]byte(word)); err != nil || p == 0 {
		return ServiceKey{}, fmt.Errorf("service %q: want \"tcp|udp|sctp ADDRESS:PORT\" or \"fwmark N ipv4|ipv6\"", s)
	}
	ap, err := netip.ParseAddrPort(rest)
	if err != nil {
		return ServiceKey{}, fmt.Errorf("service %q: %w", s, err)
	}
	return AddrService(p, ap), nil
}

func parseMark(s string) (ServiceKey, error) {
	num, fam, _ := strings.Cut(s, " ")
	n, err := strconv.ParseUint(num, 10, 32)
	var f Family
	if ferr := f.UnmarshalText([]byte(fam)); err != nil || n == 0 || ferr != nil || f == 0 {
		return ServiceKey{}, fmt.Errorf("service \"fwmark %s\": want \"fwmark N ipv4|ipv6\" with N from 1 to 4294967295", s)
	}
	return MarkService(uint32(n), f), nil
}

// MarshalText is the String form, so that keys are words in JSON.
func (k ServiceKey) MarshalText() ([]byte, error) { return k.AppendText(nil), nil }

// UnmarshalText reads the String form.
func (k *ServiceKey) UnmarshalText(b []byte) (err error) {
	*k, err = ParseServiceKey(string(b))
	return err
}

// DestKey is the identity of a real server within a service. Its port is what the kernel holds: for direct routing and tunnels the
// service's own.
type DestKey struct {
	Service ServiceKey
	Addr    netip.AddrPort
}

// Kind is KindRealServer.
func (k DestKey) Kind() Kind { return KindRealServer }

// String is "tcp 192.0.2.1:80 > 192.0.2.21:80".
func (k DestKey) String() string { return string(k.AppendText(nil)) }

// AppendText appends String without further allocation.
func (k DestKey) AppendText(b []byte) []byte {
	return k.Addr.AppendTo(append(k.Service.AppendText(b), " > "...))
}

// Compare orders real servers by service, address and port.
func (k DestKey) Compare(o DestKey) int {
	return cmp.Or(k.Service.Compare(o.Service), k.Addr.Compare(o.Addr))
}

// MarshalText is the String form.
func (k DestKey) MarshalText() ([]byte, error) { return k.AppendText(nil), nil }

// UnmarshalText reads the String form.
func (k *DestKey) UnmarshalText(b []byte) error {
	svc, addr, ok := strings.Cut(string(b), " > ")
	if !ok {
		return fmt.Errorf("real server %q: want \"SERVICE > ADDRESS:PORT\"", b)
	}
	var err error
	if k.Service, err = ParseServiceKey(svc); err != nil {
		return err
	}
	k.Addr, err = netip.ParseAddrPort(addr)
	return err
}

// Role is the part a sync daemon, or a director, plays.
type Role uint8

// The roles. RoleUnknown stands where no election has been seen.
const (
	RoleUnknown Role = iota
	RoleMaster
	RoleBackup
)

var roleNames = names[Role]{"role", map[Role]string{RoleUnknown: "unknown", RoleMaster: "master", RoleBackup: "backup"}}

// Kind is KindSyncDaemon: a role is the identity of a sync daemon, since a namespace has at most one of each.
func (r Role) Kind() Kind                    { return KindSyncDaemon }
func (r Role) String() string                { return roleNames.name(r) }
func (r Role) Compare(o Role) int            { return cmp.Compare(r, o) }
func (r Role) MarshalText() ([]byte, error)  { return []byte(r.String()), nil }
func (r *Role) UnmarshalText(b []byte) error { return roleNames.parse(r, b) }

// TimeoutKey names one of the three IPVS connection timeouts: "tcp", "tcp_fin" or "udp".
type TimeoutKey string

// The timeouts that IPVS_CMD_SET_CONFIG knows.
const (
	TimeoutTCP    TimeoutKey = "tcp"
	TimeoutTCPFin TimeoutKey = "tcp_fin"
	TimeoutUDP    TimeoutKey = "udp"
)

// Kind is KindTimeout.
func (k TimeoutKey) Kind() Kind               { return KindTimeout }
func (k TimeoutKey) String() string           { return string(k) }
func (k TimeoutKey) Compare(o TimeoutKey) int { return cmp.Compare(k, o) }

// SysctlKey is the dotted name of a sysctl, such as "net.ipv4.vs.sync_threshold".
type SysctlKey string

// Kind is KindSysctl.
func (k SysctlKey) Kind() Kind              { return KindSysctl }
func (k SysctlKey) String() string          { return string(k) }
func (k SysctlKey) Compare(o SysctlKey) int { return cmp.Compare(k, o) }
