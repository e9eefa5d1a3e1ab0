package spec

import (
	"fmt"
	"net/netip"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

var virtualAddressBlock = schema.New(schema.Block[VirtualAddress]{
	Name:       "virtual_address",
	Doc:        "An address that the master holds.",
	Keepalived: "virtual_ipaddress",
	Label: &schema.Field[VirtualAddress]{Attr: schema.Attr{Name: "ADDRESS/LENGTH", Kind: schema.Prefix, Doc: "The address with the length of its network"},
		Set: func(a *VirtualAddress, v schema.Value) { a.Prefix, a.At = v.Prefix, Mark(v.At) }},
	Attrs: []schema.Field[VirtualAddress]{
		{Attr: schema.Attr{Name: "device", MaxLen: maxInterface, PerDirector: true, Doc: "Interface that gets it; that of the instance if not written", Keepalived: "dev"},
			Set: func(a *VirtualAddress, v schema.Value) { a.Device = perDirector(v, text) }},
		{Attr: schema.Attr{Name: "label", MaxLen: maxInterface, Doc: "Label of an IPv4 address, such as eth0:1"},
			Set: func(a *VirtualAddress, v schema.Value) { a.Label = v.Str }},
		{Attr: schema.Attr{Name: "scope", Kind: schema.Word, Words: addressScopes, Default: `"global"`, Doc: "Scope of the address"},
			Set: func(a *VirtualAddress, v schema.Value) { a.Scope = v.Str }},
		{Attr: schema.Attr{Name: "broadcast", Kind: schema.Address, Doc: "Broadcast address of an IPv4 address", Keepalived: "brd"},
			Set: func(a *VirtualAddress, v schema.Value) { a.Broadcast = v.Addr }},
		{Attr: schema.Attr{Name: "excluded", Kind: schema.Bool, Default: "false", Doc: "Held, but not in the advertisement; it may be of the other address family", Keepalived: "virtual_ipaddress_excluded"},
			Set: func(a *VirtualAddress, v schema.Value) { a.Excluded = v.Bool }},
	},
	Check: func(d *schema.Decoder, in *schema.Instance, a *VirtualAddress) {
		if !a.Prefix.Addr().Is4() && (a.Label != "" || a.Broadcast.IsValid()) {
			d.Error(in.Header, "IPv4 attribute", "An IPv6 address has neither label nor broadcast: remove them.")
		}
		if a.Prefix.Addr().IsMulticast() || a.Prefix.Addr().IsUnspecified() {
			d.Error(in.Header, "Not an address of a host", fmt.Sprintf("%s cannot be held by a host: write a unicast address.", a.Prefix.Addr()))
		}
	},
})

var virtualRouteBlock = schema.New(schema.Block[VirtualRoute]{
	Name:       "virtual_route",
	Doc:        "A route that the master has.",
	Keepalived: "virtual_routes",
	Label: &schema.Field[VirtualRoute]{Attr: schema.Attr{Name: "PREFIX", Kind: schema.Prefix, Doc: "Destination"},
		Set: func(r *VirtualRoute, v schema.Value) { r.To, r.At = v.Prefix, Mark(v.At) }},
	Attrs: []schema.Field[VirtualRoute]{
		{Attr: schema.Attr{Name: "via", Kind: schema.Address, Doc: "Next hop", Keepalived: "gw"},
			Set: func(r *VirtualRoute, v schema.Value) { r.Via = v.Addr }},
		{Attr: schema.Attr{Name: "device", MaxLen: maxInterface, PerDirector: true, Doc: "Interface; that of the instance if neither it nor via is written"},
			Set: func(r *VirtualRoute, v schema.Value) { r.Device = perDirector(v, text) }},
		{Attr: schema.Attr{Name: "source", Kind: schema.Address, Doc: "Source address of packets that take it", Keepalived: "src"},
			Set: func(r *VirtualRoute, v schema.Value) { r.Source = v.Addr }},
		{Attr: schema.Attr{Name: "table", Kind: schema.Int, Min: 1, Max: 1<<32 - 1, Default: "254", Doc: "Routing table; 254 is main"},
			Set: func(r *VirtualRoute, v schema.Value) { r.Table = uint32(v.Int) }},
		{Attr: schema.Attr{Name: "metric", Kind: schema.Int, Max: 1<<32 - 1, Default: "0", Doc: "Metric"},
			Set: func(r *VirtualRoute, v schema.Value) { r.Metric = uint32(v.Int) }},
	},
	Check: func(d *schema.Decoder, in *schema.Instance, r *VirtualRoute) {
		if r.To.Masked() != r.To {
			d.Error(in.Header, "Not a network", fmt.Sprintf("The destination has bits behind its length: write %q.", r.To.Masked()))
		}
		for _, a := range []netip.Addr{r.Via, r.Source} {
			if a.IsValid() && a.BitLen() != r.To.Addr().BitLen() {
				d.Error(in.Header, "Mixed address families", fmt.Sprintf("%s is of another family than the destination: write an address of the same.", a))
			}
		}
	},
})

var virtualRuleBlock = schema.New(schema.Block[VirtualRule]{
	Name:       "virtual_rule",
	Doc:        "A routing rule that the master has.",
	Keepalived: "virtual_rules",
	Label: &schema.Field[VirtualRule]{Attr: schema.Attr{Name: "NAME", MaxLen: 64, Doc: "Name of the rule, once in the instance"},
		Set: func(r *VirtualRule, v schema.Value) { r.Name, r.At = v.Str, Mark(v.At) }},
	Attrs: []schema.Field[VirtualRule]{
		{Attr: schema.Attr{Name: "from", Kind: schema.Prefix, Doc: "Source of the packets"}, Set: func(r *VirtualRule, v schema.Value) { r.From = v.Prefix }},
		{Attr: schema.Attr{Name: "to", Kind: schema.Prefix, Doc: "Destination of the packets"}, Set: func(r *VirtualRule, v schema.Value) { r.To = v.Prefix }},
		{Attr: schema.Attr{Name: "fwmark", Kind: schema.Int, Min: 1, Max: 1<<32 - 1, Doc: "Firewall mark of the packets"}, Set: func(r *VirtualRule, v schema.Value) { r.FWMark = uint32(v.Int) }},
		{Attr: schema.Attr{Name: "table", Kind: schema.Int, Min: 1, Max: 1<<32 - 1, Required: true, Doc: "Routing table to look up"}, Set: func(r *VirtualRule, v schema.Value) { r.Table = uint32(v.Int) }},
		{Attr: schema.Attr{Name: "priority", Kind: schema.Int, Min: 1, Max: 1<<32 - 1, Required: true, Doc: "Place in the order of rules"}, Set: func(r *VirtualRule, v schema.Value) { r.Priority = uint32(v.Int) }},
	},
	Check: func(d *schema.Decoder, in *schema.Instance, r *VirtualRule) {
		if !r.From.IsValid() && !r.To.IsValid() && r.FWMark == 0 {
			d.Error(in.Header, "Rule for everything", "A rule says which packets it is for: write from, to or fwmark.")
		}
	},
})
