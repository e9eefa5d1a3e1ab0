package kernel_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

type (
	routes = spec.Rows[spec.RouteKey, spec.Route]
	rules  = spec.Rows[spec.RuleKey, spec.Rule]
)

func (c *cable) withRoutes() routes {
	ip(c.t, "addr add 10.0.0.1/24 dev eth0", "addr add 2001:db8::1/64 dev eth0 nodad")
	return routes{
		{Key: spec.RouteKey{To: prefix("0.0.0.0/0"), Table: 254}, Value: spec.Route{Via: addr("10.0.0.9"), Device: "eth0"}},
		{Key: spec.RouteKey{To: prefix("198.51.100.0/24"), Table: 100}, Value: spec.Route{Device: "eth0", Source: addr("10.0.0.1")}},
		{Key: spec.RouteKey{To: prefix("198.51.100.0/24"), Table: 1000, Metric: 5}, Value: spec.Route{Via: addr("10.0.0.9"), Device: "eth0"}},
		{Key: spec.RouteKey{To: prefix("2001:db8:1::/48"), Table: 254, Metric: 7}, Value: spec.Route{Via: addr("2001:db8::9"), Device: "eth0"}},
	}
}

func TestRoutes(t *testing.T) {
	c := newCable(t)
	want := c.withRoutes()
	allNil(t, c.AddRoutes(want))
	if got, err := c.Routes(); err != nil || !slices.Equal(got, want) {
		t.Errorf("read back\n%+v, %v; want\n%+v", got, err, want)
	}
	// iproute2 calls 112 by no name.
	if got := shown(t, "198.51.100.0/24", "route", "show", "table", "100"); got != "198.51.100.0/24 dev eth0 proto 112 scope link src 10.0.0.1" {
		t.Errorf("iproute2 shows %q", got)
	}
	for i, err := range c.AddRoutes(want) {
		if !errors.Is(err, unix.EEXIST) || !strings.HasPrefix(err.Error(), "add route "+want[i].Key.To.String()) {
			t.Errorf("added twice: %v", err)
		}
	}
	allNil(t, c.DelRoutes(want))
	if got, err := c.Routes(); err != nil || len(got) != 0 {
		t.Errorf("left %+v, %v", got, err)
	}
}

func TestRoutesOfOthersStay(t *testing.T) {
	c := newCable(t)
	c.withRoutes()
	ip(t, "route add 198.51.100.0/24 dev eth0 table 100", "route add 2001:db8:1::/48 via 2001:db8::9 dev eth0 metric 7")
	other := routes{
		{Key: spec.RouteKey{To: prefix("198.51.100.0/24"), Table: 100}, Value: spec.Route{Device: "eth0"}},
		{Key: spec.RouteKey{To: prefix("2001:db8:1::/48"), Table: 254, Metric: 7}, Value: spec.Route{Via: addr("2001:db8::9"), Device: "eth0"}},
	}
	for _, err := range c.DelRoutes(other) {
		if !errors.Is(err, unix.ESRCH) {
			t.Errorf("another's route: %v", err)
		}
	}
	if got, err := c.Routes(); err != nil || len(got) != 0 {
		t.Errorf("took for ours: %+v, %v", got, err)
	}
}

func TestRoutesThatCannotBe(t *testing.T) {
	c := newCable(t)
	c.withRoutes()
	key := spec.RouteKey{To: prefix("198.51.100.0/24"), Table: 254}
	rows := routes{
		{Key: key, Value: spec.Route{Device: "none0"}},
		{Key: key, Value: spec.Route{Device: "eth0", Via: addr("2001:db8::9")}},
		{Key: key, Value: spec.Route{Device: "eth0"}},
	}
	errs := c.AddRoutes(rows)
	if !errors.Is(errs[0], unix.ENODEV) || errs[1] == nil || errs[2] != nil {
		t.Errorf("no device, another family, a good one: %q", errs)
	}
}

func TestRules(t *testing.T) {
	c := newCable(t)
	want := rules{
		{Key: spec.RuleKey{Name: "a"}, Value: spec.Rule{From: prefix("10.1.0.0/16"), To: prefix("10.2.0.0/16"), Table: 100, Priority: 500}},
		{Key: spec.RuleKey{Name: "b"}, Value: spec.Rule{From: prefix("2001:db8::/32"), FWMark: 7, Table: 1000, Priority: 501}},
		{Key: spec.RuleKey{Name: "c"}, Value: spec.Rule{FWMark: 9, Table: 100, Priority: 502}}, // of both families
	}
	ip(t, "rule add from 10.1.0.0/16 to 10.2.0.0/16 table 100 priority 500") // another's, beside which ours stands
	allNil(t, c.AddRules(want))
	for i, err := range c.AddRules(want) {
		if !errors.Is(err, unix.EEXIST) || !strings.HasPrefix(err.Error(), "add rule "+want[i].Key.Name) {
			t.Errorf("added twice: %v", err)
		}
	}
	got, err := c.Rules()
	if all := []spec.Rule{want[0].Value, want[2].Value, want[1].Value, want[2].Value}; err != nil || !slices.Equal(got, all) {
		t.Errorf("read back\n%+v, %v; want\n%+v", got, err, all)
	}
	allNil(t, c.DelRules(want))
	for _, err := range c.DelRules(want) {
		if !errors.Is(err, unix.ENOENT) {
			t.Errorf("removed twice: %v", err)
		}
	}
	if got := shown(t, "500:", "rule"); got != "500:\tfrom 10.1.0.0/16 to 10.2.0.0/16 lookup 100" {
		t.Errorf("another's rule is %q", got)
	}
	if got, err := c.Rules(); err != nil || len(got) != 0 {
		t.Errorf("left %+v, %v", got, err)
	}
	mixed := rules{{Value: spec.Rule{From: prefix("10.1.0.0/16"), To: prefix("2001:db8::/32"), Table: 100}}}
	if errs := c.AddRules(mixed); errs[0] == nil {
		t.Error("a rule of two families was added")
	}
}
