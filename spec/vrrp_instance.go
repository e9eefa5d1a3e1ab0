package spec

import (
	"net/netip"
	"time"
)

// VRRPInstance is the block `vrrp_instance "NAME"` (RFC 9568 names).
type VRRPInstance struct {
	Name                       string
	Interface                  PerDirector[string]
	VirtualRouterID            uint8 // 1..255
	Version                    uint8 // 2 or 3
	Family                     Family
	Priority                   PerDirector[uint8] // 1..255; 255 owns the addresses
	AdvertInterval             time.Duration      // version 2 whole seconds 1..255; version 3 steps of 10 ms, 10 ms..40.95 s
	Preempt                    bool
	PreemptDelay, StartupDelay time.Duration
	Unicast                    bool // peers are the cluster's other directors
	Source                     PerDirector[netip.Addr]
	Group                      netip.Addr // multicast group
	TTLMin, TTLMax             uint8      // accepted from unicast peers
	AuthSecret                 string     // name of the secret of version 2 PASS; "" is none
	PseudoHeaderChecksum       bool       // version 3 over IPv4, as keepalived sends it
	Accept                     bool
	VMAC                       bool
	DownTimerAdverts           uint8
	Addresses                  []VirtualAddress
	Routes                     []VirtualRoute
	Rules                      []VirtualRule
	Track                      []Tracker
	Announce                   Announce
	Notify                     []Notify
	At                         Mark
}

// VirtualAddress is the block `virtual_address "ADDRESS/LEN"`.
type VirtualAddress struct {
	Prefix    netip.Prefix
	Device    PerDirector[string] // unset: the instance's interface
	Label     string
	Scope     string
	Broadcast netip.Addr
	Excluded  bool // held but not in the advertisement
	At        Mark
}

// VirtualRoute is the block `virtual_route "PREFIX"`.
type VirtualRoute struct {
	To     netip.Prefix
	Via    netip.Addr
	Device PerDirector[string]
	Source netip.Addr
	Table  uint32
	Metric uint32
	At     Mark
}

// VirtualRule is the block `virtual_rule "NAME"`.
type VirtualRule struct {
	Name     string
	From, To netip.Prefix
	FWMark   uint32
	Table    uint32
	Priority uint32
	At       Mark
}

// Tracker is one of the blocks `track_interface`, `track_script`, `track_file` and `track_process`.
type Tracker struct {
	Kind              string // interface, script, file or process
	Name              string // the label: interface, path or process name
	Command           []string
	Interval, Timeout time.Duration
	Rise, Fall        uint32
	Weight            int16 // -253..253; 0: a failure is a fault
	At                Mark
}

// Announce is the block `announce`: gratuitous ARP and unsolicited neighbour advertisements.
type Announce struct {
	Repeat        uint32
	Delay         time.Duration // before the second burst; 0 is none
	Refresh       time.Duration // 0 is off
	RefreshRepeat uint32
	Interval      time.Duration // between frames
	LowerPriority bool          // also after a lower priority was heard
}

// Notify is the block `notify`.
type Notify struct {
	On      []string
	Kind    string // exec, webhook, smtp or fifo
	Target  string
	Args    []string
	Timeout time.Duration
	At      Mark
}
