package spec

import (
	"cmp"
	"net/netip"
	"strconv"
	"time"
)

// The kinds of objects that the engine holds.
const (
	KindInstance   Kind = "vrrp instance"
	KindPeer       Kind = "vrrp peer"
	KindAddress    Kind = "virtual address"
	KindRoute      Kind = "virtual route"
	KindRule       Kind = "virtual rule"
	KindTracker    Kind = "vrrp tracker"
	KindFollowSync Kind = "sync role"
)

// VRRP is the engine's part of a State: what it elects for, and what the master of each instance holds. It is one value on its whole
// way, from the fleet to the engine and back.
type VRRP struct {
	Instances Rows[InstanceKey, Instance]     `json:"instances,omitempty"`
	Peers     Rows[PeerKey, Peer]             `json:"peers,omitempty"`
	Addresses Rows[AddressKey, Address]       `json:"addresses,omitempty"`
	Routes    Rows[RouteKey, Route]           `json:"routes,omitempty"`
	Rules     Rows[RuleKey, Rule]             `json:"rules,omitempty"`
	Trackers  Rows[TrackerKey, Tracking]      `json:"trackers,omitempty"`
	Follow    Rows[FollowSyncKey, FollowSync] `json:"sync_roles,omitempty"`
}

// InstanceKey is the name of a vrrp_instance, once in the fleet.
type InstanceKey string

// Kind is KindInstance.
func (k InstanceKey) Kind() Kind                { return KindInstance }
func (k InstanceKey) String() string            { return string(k) }
func (k InstanceKey) Compare(o InstanceKey) int { return cmp.Compare(k, o) }

// Instance is the settings of a virtual router on one director (RFC 9568, section 6.1).
type Instance struct {
	Interface    string        `json:"interface"`
	RouterID     uint8         `json:"virtual_router_id"` // 1..255
	Version      uint8         `json:"version"`           // 2 or 3
	Family       Family        `json:"family"`
	Priority     uint8         `json:"priority"`        // 1..255; 255 owns the addresses
	Interval     time.Duration `json:"advert_interval"` // version 2 whole seconds 1..255; version 3 steps of 10 ms, 10 ms..40.95 s
	Preempt      bool          `json:"preempt"`
	PreemptDelay time.Duration `json:"preempt_delay,omitempty"`
	StartupDelay time.Duration `json:"startup_delay,omitempty"`
	Unicast      bool          `json:"unicast,omitempty"` // to the instance's Peers, not to Group
	Source       netip.Addr    `json:"source,omitzero"`   // zero: the interface's primary IPv4 address, or its link-local one
	Group        netip.Addr    `json:"group,omitzero"`    // multicast group; zero with Unicast
	TTLMin       uint8         `json:"ttl_min"`           // accepted from unicast peers; multicast takes 255 only
	TTLMax       uint8         `json:"ttl_max"`
	Secret       string        `json:"secret,omitempty"` // name of the secret of version 2 PASS; "" is none
	PseudoHeader bool          `json:"pseudo_header,omitempty"`
	VMAC         bool          `json:"use_vmac,omitempty"`
	DownAdverts  uint8         `json:"down_timer_adverts"` // 1..100
	SyncGroup    string        `json:"sync_group,omitempty"`
	Announce     Announce      `json:"announce"`
}

// Attrs lists all settings.
func (i Instance) Attrs() []Attr {
	out := []Attr{
		{"interface", i.Interface}, {"virtual_router_id", strconv.Itoa(int(i.RouterID))}, {"version", strconv.Itoa(int(i.Version))},
		{"family", i.Family.String()}, {"priority", strconv.Itoa(int(i.Priority))}, {"advert_interval", i.Interval.String()},
		{"preempt", strconv.FormatBool(i.Preempt)}, {"preempt_delay", span(i.PreemptDelay)}, {"startup_delay", span(i.StartupDelay)},
		{"source", address(i.Source)},
	}
	if i.Unicast {
		out = append(out, Attr{"unicast", "true"}, Attr{"ttl_min", strconv.Itoa(int(i.TTLMin))}, Attr{"ttl_max", strconv.Itoa(int(i.TTLMax))})
	} else {
		out = append(out, Attr{"group", address(i.Group)})
	}
	return append(out, Attr{"authentication", secretName(i.Secret)}, Attr{"checksum", onlyIf(i.PseudoHeader, "pseudo_header")},
		Attr{"use_vmac", onlyIf(i.VMAC, "true")}, Attr{"down_timer_adverts", strconv.Itoa(int(i.DownAdverts))}, Attr{"sync_group", i.SyncGroup},
		Attr{"announce", i.Announce.String()})
}

func span(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func secretName(s string) string {
	if s == "" {
		return ""
	}
	return "secret " + strconv.Quote(s)
}

func onlyIf(is bool, word string) string {
	if is {
		return word
	}
	return ""
}

// String is "5 times and again after 5s" and the like.
func (a Announce) String() string {
	s := strconv.Itoa(int(a.Repeat)) + " times"
	if a.Delay > 0 {
		s += " and again after " + a.Delay.String()
	}
	if a.Refresh > 0 {
		s += " and every " + a.Refresh.String() + " " + strconv.Itoa(int(a.RefreshRepeat)) + " times"
	}
	if a.Interval > 0 {
		s += " and " + a.Interval.String() + " between frames"
	}
	if a.LowerPriority {
		s += " and on lower priority"
	}
	return s
}

// PeerKey is another director's address for the unicast advertisements of an instance.
type PeerKey struct {
	Instance InstanceKey `json:"instance"`
	Addr     netip.Addr  `json:"address"`
}

// Kind is KindPeer.
func (k PeerKey) Kind() Kind     { return KindPeer }
func (k PeerKey) String() string { return k.Instance.String() + " peer " + k.Addr.String() }

// Compare orders peers by instance and address.
func (k PeerKey) Compare(o PeerKey) int {
	return cmp.Or(k.Instance.Compare(o.Instance), k.Addr.Compare(o.Addr))
}

// Peer is the director at a peer's address.
type Peer struct {
	Director string `json:"director"`
}

// Attrs is the director's name.
func (p Peer) Attrs() []Attr { return []Attr{{"director", p.Director}} }

// AddressKey is a virtual address of an instance.
type AddressKey struct {
	Instance InstanceKey  `json:"instance"`
	Prefix   netip.Prefix `json:"address"`
}

// Kind is KindAddress.
func (k AddressKey) Kind() Kind     { return KindAddress }
func (k AddressKey) String() string { return k.Instance.String() + " " + k.Prefix.String() }

// Compare orders addresses by instance and address.
func (k AddressKey) Compare(o AddressKey) int {
	return cmp.Or(k.Instance.Compare(o.Instance), k.Prefix.Addr().Compare(o.Prefix.Addr()), cmp.Compare(k.Prefix.Bits(), o.Prefix.Bits()))
}

// Address is the settings of a virtual address.
type Address struct {
	Device    string     `json:"device"` // interface that gets it
	Label     string     `json:"label,omitempty"`
	Scope     string     `json:"scope"`              // global, site, link or host
	Broadcast netip.Addr `json:"broadcast,omitzero"` // zero: none
	Excluded  bool       `json:"excluded,omitempty"` // held, but not in the advertisement
}

// Attrs lists all settings.
func (a Address) Attrs() []Attr {
	return []Attr{{"device", a.Device}, {"label", a.Label}, {"scope", a.Scope}, {"broadcast", address(a.Broadcast)}, {"excluded", onlyIf(a.Excluded, "true")}}
}
