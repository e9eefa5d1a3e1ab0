package spec

import (
	"cmp"
	"net/netip"
	"strconv"
)

// RouteKey is a route that the master of an instance has.
type RouteKey struct {
	Instance InstanceKey  `json:"instance"`
	To       netip.Prefix `json:"to"`
	Table    uint32       `json:"table"` // 254 is main
	Metric   uint32       `json:"metric,omitempty"`
}

// Kind is KindRoute.
func (k RouteKey) Kind() Kind { return KindRoute }

func (k RouteKey) String() string {
	s := k.Instance.String() + " route " + k.To.String()
	if k.Table != 254 {
		s += " table " + strconv.Itoa(int(k.Table))
	}
	if k.Metric != 0 {
		s += " metric " + strconv.Itoa(int(k.Metric))
	}
	return s
}

// Compare orders routes by instance, destination, table and metric.
func (k RouteKey) Compare(o RouteKey) int {
	return cmp.Or(k.Instance.Compare(o.Instance), k.To.Addr().Compare(o.To.Addr()), cmp.Compare(k.To.Bits(), o.To.Bits()),
		cmp.Compare(k.Table, o.Table), cmp.Compare(k.Metric, o.Metric))
}

// Route is the settings of a virtual route.
type Route struct {
	Via    netip.Addr `json:"via,omitzero"`
	Device string     `json:"device,omitempty"`
	Source netip.Addr `json:"source,omitzero"`
}

// Attrs lists all settings.
func (r Route) Attrs() []Attr {
	return []Attr{{"via", address(r.Via)}, {"device", r.Device}, {"source", address(r.Source)}}
}

// RuleKey is a routing rule that the master of an instance has.
type RuleKey struct {
	Instance InstanceKey `json:"instance"`
	Name     string      `json:"name"`
}

// Kind is KindRule.
func (k RuleKey) Kind() Kind     { return KindRule }
func (k RuleKey) String() string { return k.Instance.String() + " rule " + k.Name }

// Compare orders rules by instance and name.
func (k RuleKey) Compare(o RuleKey) int {
	return cmp.Or(k.Instance.Compare(o.Instance), cmp.Compare(k.Name, o.Name))
}

// Rule is the settings of a virtual rule.
type Rule struct {
	From     netip.Prefix `json:"from,omitzero"`
	To       netip.Prefix `json:"to,omitzero"`
	FWMark   uint32       `json:"fwmark,omitempty"`
	Table    uint32       `json:"table"`
	Priority uint32       `json:"priority"`
}

// Attrs lists all settings.
func (r Rule) Attrs() []Attr {
	return []Attr{{"from", prefix(r.From)}, {"to", prefix(r.To)}, {"fwmark", count(r.FWMark)}, {"table", count(r.Table)}, {"priority", count(r.Priority)}}
}

func prefix(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}
