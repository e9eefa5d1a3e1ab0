package pair

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Setup is a virtual router for two nodes or more, or many of them alike, from which each node's part follows.
type Setup struct {
	Name       string
	RouterID   uint8 // of the first instance; the others follow, PerSwitch on each switch
	Version    uint8
	Family     spec.Family
	Interval   time.Duration
	Priorities []uint8 // by place
	Preempt    bool
	Unicast    bool
	Plain      bool   // the checksum of RFC 9568 in version 3 over IPv4; otherwise keepalived's, with the pseudo-header
	Secret     string // name of the PASS secret
	Instances  int
	Addresses  int // of each instance
	Excluded   int // of each instance beside them: held, but not in the advertisement, which has room for 255
}

// PerSwitch is how many instances one switch has: a virtual router id is one byte.
const PerSwitch = 250

// DownInterval is Active_Down_Interval of the node at a place (RFC 9568, section 6.1; RFC 3768, 6.1, whose skew knows no interval).
func (s Setup) DownInterval(place int) time.Duration { return 3*s.Interval + s.Skew(place) }

// Skew is Skew_Time of the node at a place.
func (s Setup) Skew(place int) time.Duration {
	unit := s.Interval
	if s.Version == 2 {
		unit = time.Second
	}
	return time.Duration(256-int(s.Priorities[place])) * unit / 256
}

// Virtual is the nth virtual address. RFC 9568, section 5.2.9, wants a link-local one first where the family is IPv6.
func (s Setup) Virtual(n int) netip.Prefix {
	if s.Family == spec.IPv4 {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 19, byte(n >> 8), byte(n)}), 32)
	}
	a := [16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 14: byte(n >> 8), 15: byte(n)}
	if n == 0 {
		a = [16]byte{0: 0xfe, 1: 0x80, 14: 0x01, 15: s.RouterID}
	}
	return netip.PrefixFrom(netip.AddrFrom16(a), 128)
}

// Part is what the node at a place is told.
func (s Setup) Part(place int) spec.VRRP {
	var out spec.VRRP
	for n := range s.Instances {
		key := s.Key(n)
		out.Instances = append(out.Instances, spec.Row[spec.InstanceKey, spec.Instance]{Key: key, Value: s.instance(place, n)})
		if s.Unicast {
			s.addPeers(&out, place, key, n/PerSwitch)
		}
		for i := range s.Addresses + s.Excluded {
			out.Addresses = append(out.Addresses, spec.Row[spec.AddressKey, spec.Address]{
				Key:   spec.AddressKey{Instance: key, Prefix: s.Virtual(n*(s.Addresses+s.Excluded) + i)},
				Value: spec.Address{Device: Interface(n / PerSwitch), Scope: "global", Excluded: i >= s.Addresses}})
		}
	}
	out.Addresses.Sort()
	return out
}

// Key is the name of instance n.
func (s Setup) Key(n int) spec.InstanceKey {
	if s.Instances == 1 {
		return spec.InstanceKey(s.Name)
	}
	return spec.InstanceKey(fmt.Sprintf("%s_%04d", s.Name, n))
}

// instance n is one of those on switch n/PerSwitch.
func (s Setup) instance(place, n int) spec.Instance {
	i := spec.Instance{Interface: Interface(n / PerSwitch), RouterID: s.RouterID + uint8(n%PerSwitch), Version: s.Version, Family: s.Family,
		Priority: s.Priorities[place], Interval: s.Interval, Preempt: s.Preempt, Unicast: s.Unicast, TTLMin: 1, TTLMax: 255, Secret: s.Secret,
		DownAdverts: 3, PseudoHeader: s.Version == 3 && s.Family == spec.IPv4 && !s.Plain,
		Announce: spec.Announce{Repeat: 5, Delay: 5 * time.Second}}
	if s.Unicast {
		i.Source = Address(place, n/PerSwitch)
	} else {
		i.Group = group(s.Family)
	}
	return i
}

func (s Setup) addPeers(out *spec.VRRP, place int, key spec.InstanceKey, i int) {
	for other := range s.Priorities {
		if other != place {
			out.Peers = append(out.Peers, spec.Row[spec.PeerKey, spec.Peer]{Key: spec.PeerKey{Instance: key, Addr: Address(other, i)}})
		}
	}
}

func group(f spec.Family) netip.Addr {
	if f == spec.IPv4 {
		return netip.AddrFrom4([4]byte{224, 0, 0, 18})
	}
	return netip.AddrFrom16([16]byte{0: 0xff, 1: 0x02, 15: 0x12})
}
