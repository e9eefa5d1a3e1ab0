package engine

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/lbsync/lbsync/spec"
)

// An address that somebody removes comes back; no role changes.
func TestRemovedAddressIsPutBack(t *testing.T) {
	a, b := pair(t)
	a.lan.ip(a.lan.hosts[0], "addr del 10.9.0.100/24 dev eth0")
	a.until("the address is back", func(spec.VRRPStatus) bool { return a.lan.addresses(0, "eth0")["10.9.0.100/24"] })
	undisturbed(t, a, b)
}

// An address that somebody else put on the interface is reported and stays as it is, over all transitions. Once they take it away it
// is ours.
func TestForeignAddressIsLeftAlone(t *testing.T) {
	l := newLAN(t, 1)
	a := l.start(0)
	l.ip(l.hosts[0], "addr add 10.9.0.100/24 dev eth0")
	a.want(with(plain(100), "web", "10.9.0.101/24"), nil)
	a.becomes("web", spec.VRRPMaster)
	s := a.until("the foreign address is known", func(s spec.VRRPStatus) bool { i := find(s, "web"); return i.Held == 1 && len(i.Foreign) == 1 })
	if f := find(s, "web").Foreign[0]; f != netip.MustParseAddr("10.9.0.100") {
		t.Errorf("foreign is %s", f)
	}
	a.stop()
	if got := l.addresses(0, "eth0"); !got["10.9.0.100/24"] || len(got) != 1 {
		t.Errorf("after the stop there is %v", got)
	}
	a.launch()
	a.becomes("web", spec.VRRPMaster)
	a.until("the foreign address is known", func(s spec.VRRPStatus) bool { i := find(s, "web"); return i.Held == 1 && len(i.Foreign) == 1 })
	l.ip(l.hosts[0], "addr del 10.9.0.100/24 dev eth0")
	a.holds("web", 2)
	a.stop()
	if got := l.addresses(0, "eth0"); len(got) != 0 {
		t.Errorf("after the stop there is %v", got)
	}
}

// K11: to release the first address of a network does not take along what others have in it.
func TestK11PromoteSecondaries(t *testing.T) {
	l := newLAN(t, 1)
	a := l.start(0)
	v := plain(100)
	v.Addresses = nil
	a.want(with(v, "web", "10.77.0.1/24"), nil)
	a.becomes("web", spec.VRRPMaster)
	a.holds("web", 1)
	l.ip(l.hosts[0], "addr add 10.77.0.2/24 dev eth0")
	a.stop()
	if got := l.addresses(0, "eth0"); !got["10.77.0.2/24"] || len(got) != 1 {
		t.Errorf("after the stop there is %v", got)
	}
}

// A thousand addresses, most of them too many for an advertisement, come and go; adverts go on meanwhile, so that the peer
// sees nothing but the handover.
func TestThousandAddresses(t *testing.T) {
	l := newLAN(t, 2)
	var v [2]spec.VRRP
	for n := range v {
		v[n] = plain(uint8(101 - n))
		for i := range 999 {
			v[n].Addresses = append(v[n].Addresses, spec.Row[spec.AddressKey, spec.Address]{
				Key:   spec.AddressKey{Instance: "web", Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 78, byte(i >> 8), byte(i)}), 32)},
				Value: spec.Address{Device: "eth0", Scope: "global", Excluded: true}})
		}
		v[n].Addresses.Sort()
	}
	a, b := l.start(0), l.start(1)
	a.want(v[0], nil)
	a.becomes("web", spec.VRRPMaster)
	b.want(v[1], nil)
	b.becomes("web", spec.VRRPBackup)
	a.holds("web", 1000)
	a.stop()
	if ev := b.next(); ev.To != spec.VRRPMaster {
		t.Errorf("B: %+v", ev)
	}
	b.holds("web", 1000)
	if got := l.addresses(0, "eth0"); len(got) != 0 {
		t.Errorf("A still has %d addresses", len(got))
	}
	if got := l.addresses(1, "eth0"); len(got) != 1000 {
		t.Errorf("B has %d addresses", len(got))
	}
}

// Routes and rules come with the role and go with it.
func TestRoutesAndRules(t *testing.T) {
	l := newLAN(t, 1)
	a := l.start(0)
	v := plain(100)
	v.Routes = spec.Rows[spec.RouteKey, spec.Route]{{
		Key: spec.RouteKey{Instance: "web", To: netip.MustParsePrefix("10.80.0.0/16"), Table: 100}, Value: spec.Route{Via: netip.MustParseAddr("10.9.0.9"), Device: "eth0"}}}
	v.Rules = spec.Rows[spec.RuleKey, spec.Rule]{{
		Key: spec.RuleKey{Instance: "web", Name: "out"}, Value: spec.Rule{From: netip.MustParsePrefix("10.9.0.100/32"), Table: 100, Priority: 500}}}
	counts := func() string {
		return fmt.Sprint(len(l.ip(l.hosts[0], "route show table 100")) > 0, len(l.ip(l.hosts[0], "rule show priority 500")) > 0)
	}
	l.ip(l.hosts[0], "route add 10.81.0.0/16 dev eth0 table 100")
	l.ip(l.hosts[0], "route del 10.81.0.0/16 dev eth0 table 100") // the table exists from now on
	if got := counts(); got != "false false" {
		t.Fatalf("before: %s", got)
	}
	a.want(v, nil)
	a.becomes("web", spec.VRRPMaster)
	a.until("route and rule are there", func(spec.VRRPStatus) bool { return counts() == "true true" })
	a.stop()
	if got := counts(); got != "false false" {
		t.Errorf("after the stop: %s", got)
	}
}
