package spec

import (
	"net/netip"
	"time"

	"github.com/lbsync/lbsync/spec/internal/schema"
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

// SourceOf is the address from which a director advertises, if that is to be a certain one: the instance's source; or else, with unicast,
// that of the director's endpoint, if it is of the instance's family.
func (i *VRRPInstance) SourceOf(d *Director) (netip.Addr, bool) {
	if a, ok := i.Source.For(d.Name); ok {
		return a, true
	}
	a := d.Endpoint.Addr()
	return a, i.Unicast && a.IsValid() && FamilyOf(a) == i.Family
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
	UpDelay           time.Duration // of an interface
	DownDelay         time.Duration
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

type instance = VRRPInstance

var vrrpInstanceBlock = schema.New(schema.Block[VRRPInstance]{
	Name:       "vrrp_instance",
	Doc:        "A virtual router (RFC 9568): the addresses that one of the directors holds.",
	Keepalived: "vrrp_instance",
	Label:      &schema.Field[instance]{Attr: schema.Attr{Name: "NAME", MaxLen: 64, Doc: "Name of the instance, once in the fleet"}, Set: func(i *instance, v schema.Value) { i.Name = v.Str }},
	Attrs: []schema.Field[instance]{
		{Attr: schema.Attr{Name: "interface", MaxLen: maxInterface, Required: true, PerDirector: true, Doc: "Interface on which advertisements are sent and addresses are held"},
			Set: func(i *instance, v schema.Value) { i.Interface = perDirector(v, text) }},
		{Attr: schema.Attr{Name: "virtual_router_id", Kind: schema.Int, Min: 1, Max: 255, Required: true, Doc: "Number of the virtual router, once on the segment"},
			Set: func(i *instance, v schema.Value) { i.VirtualRouterID = uint8(v.Int) }},
		{Attr: schema.Attr{Name: "version", Kind: schema.Int, Min: 2, Max: 3, Default: "3", Doc: "Version of VRRP; keepalived's default is 2", Keepalived: "vrrp_version"},
			Set: func(i *instance, v schema.Value) { i.Version = uint8(v.Int) }},
		{Attr: schema.Attr{Name: "priority", Kind: schema.Int, Min: 1, Max: 255, Required: true, PerDirector: true, Doc: "The highest is master; 255 owns the addresses"},
			Set: func(i *instance, v schema.Value) { i.Priority = perDirector(v, number[uint8]) }},
		{Attr: schema.Attr{Name: "advert_interval", Kind: schema.Duration, Min: second / 100, Max: 255 * second, Step: 10 * time.Millisecond, Default: `"1s"`, Doc: "Time between advertisements; version 2 has whole seconds, version 3 at most 40.95s", Keepalived: "advert_int"},
			Set: func(i *instance, v schema.Value) { i.AdvertInterval = v.Dur }},
		{Attr: schema.Attr{Name: "preempt", Kind: schema.Bool, Default: "true", Doc: "Whether a higher priority takes over from a master that works"},
			Set: func(i *instance, v schema.Value) { i.Preempt = v.Bool }},
		{Attr: schema.Attr{Name: "preempt_delay", Kind: schema.Duration, Max: 1000 * second, Doc: "Time before it does"},
			Set: func(i *instance, v schema.Value) { i.PreemptDelay = v.Dur }},
		{Attr: schema.Attr{Name: "startup_delay", Kind: schema.Duration, Max: 1000 * second, Doc: "Time after the start before the first election", Keepalived: "vrrp_startup_delay"},
			Set: func(i *instance, v schema.Value) { i.StartupDelay = v.Dur }},
		{Attr: schema.Attr{Name: "unicast", Kind: schema.Bool, Default: "false", Doc: "Advertise to the other directors of the cluster instead of a multicast group", Keepalived: "unicast_peer"},
			Set: func(i *instance, v schema.Value) { i.Unicast = v.Bool }},
		{Attr: schema.Attr{Name: "source", Kind: schema.Address, PerDirector: true, Doc: "Source address of advertisements, a map by director; with unicast the address of the director's endpoint if not written, otherwise the interface's own", Keepalived: "unicast_src_ip, mcast_src_ip"},
			Set: func(i *instance, v schema.Value) {
				i.Source = perDirector(v, func(v schema.Value) netip.Addr { return v.Addr })
			}},
		{Attr: schema.Attr{Name: "group", Kind: schema.Group, Doc: "Multicast group; 224.0.0.18 or ff02::12 if not written", Keepalived: "vrrp_mcast_group4, vrrp_mcast_group6, mcast_dst_ip"},
			Set: func(i *instance, v schema.Value) { i.Group = v.Addr }},
		{Attr: schema.Attr{Name: "ttl_min", Kind: schema.Int, Min: 1, Max: 255, Default: "255", Doc: "Lowest TTL accepted from a unicast peer", Keepalived: "min_ttl"},
			Set: func(i *instance, v schema.Value) { i.TTLMin = uint8(v.Int) }},
		{Attr: schema.Attr{Name: "ttl_max", Kind: schema.Int, Min: 1, Max: 255, Default: "255", Doc: "Highest TTL accepted from a unicast peer", Keepalived: "max_ttl"},
			Set: func(i *instance, v schema.Value) { i.TTLMax = uint8(v.Int) }},
		{Attr: schema.Attr{Name: "checksum", Kind: schema.Word, Words: []string{"rfc9568", "pseudo_header"}, Default: `"rfc9568"`, Doc: "Checksum of version 3 over IPv4; keepalived sends pseudo_header", Keepalived: "v3_checksum_as_v2"},
			Set: func(i *instance, v schema.Value) { i.PseudoHeaderChecksum = v.Str == "pseudo_header" }},
		{Attr: schema.Attr{Name: "accept", Kind: schema.Bool, Default: "true", Doc: "Whether a master that does not own the addresses takes packets for them", Keepalived: "accept, no_accept"},
			Set: func(i *instance, v schema.Value) { i.Accept = v.Bool }},
		{Attr: schema.Attr{Name: "use_vmac", Kind: schema.Bool, Default: "false", Doc: "Use the virtual MAC address of the RFC"},
			Set: func(i *instance, v schema.Value) { i.VMAC = v.Bool }},
		{Attr: schema.Attr{Name: "down_timer_adverts", Kind: schema.Int, Min: 1, Max: 100, Default: "3", Doc: "Advertisements that may be lost before the master counts as down"},
			Set: func(i *instance, v schema.Value) { i.DownTimerAdverts = uint8(v.Int) }},
	},
	Blocks: []schema.Nested[instance]{
		schema.Many(virtualAddressBlock, func(_ *schema.Decoder, i *instance, a *VirtualAddress, _ *schema.Instance) {
			i.Addresses = append(i.Addresses, *a)
		}),
		schema.Many(virtualRouteBlock, func(_ *schema.Decoder, i *instance, r *VirtualRoute, _ *schema.Instance) {
			i.Routes = append(i.Routes, *r)
		}),
		schema.Many(virtualRuleBlock, func(_ *schema.Decoder, i *instance, r *VirtualRule, _ *schema.Instance) {
			i.Rules = append(i.Rules, *r)
		}),
		trackNested("interface"), trackNested("script"), trackNested("file"), trackNested("process"),
		schema.One(announceBlock, func(_ *schema.Decoder, i *instance, a *Announce, _ *schema.Instance) { i.Announce = *a }),
		schema.One(authenticationBlock, func(_ *schema.Decoder, i *instance, a *authentication, _ *schema.Instance) { i.AuthSecret = a.secret }),
		schema.Many(notifyBlock, func(_ *schema.Decoder, i *instance, n *Notify, _ *schema.Instance) { i.Notify = append(i.Notify, *n) }),
	},
	Check: checkInstance,
})
