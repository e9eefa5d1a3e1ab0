package engine

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// What makes no sense is refused whole, by a text that says what, where and what to do.
func TestCheck(t *testing.T) {
	instance := func(f func(*spec.Instance)) spec.VRRP { return plain(100, f) }
	for _, tt := range []struct {
		name string
		v    spec.VRRP
		want string // "" is well
	}{
		{"usual", plain(100), ""},
		{"missing interface is for the host to say", instance(func(i *spec.Instance) { i.Interface = "eth9" }), ""},
		{"no instance", spec.VRRP{}, ""},
		{"id 0", instance(func(i *spec.Instance) { i.RouterID = 0 }), "vrrp instance web: encode advertisement: virtual router id 0"},
		{"priority 0", instance(func(i *spec.Instance) { i.Priority = 0 }), "priority 0: 1 to 255"},
		{"version", instance(func(i *spec.Instance) { i.Version = 4 }), "version 4"},
		{"interval 0", instance(func(i *spec.Instance) { i.Interval = 0 }), "interval 0s"},
		{"interval too long", instance(func(i *spec.Instance) { i.Interval = 41 * time.Second }), "interval 41s"},
		{"interval of version 2", instance(func(i *spec.Instance) { i.Version, i.Interval = 2, 1500*time.Millisecond }), "whole seconds"},
		{"down adverts", instance(func(i *spec.Instance) { i.DownAdverts = 101 }), "down_timer_adverts 101"},
		{"negative delay", instance(func(i *spec.Instance) { i.PreemptDelay = -1 }), "cannot be negative"},
		{"family", instance(func(i *spec.Instance) { i.Family = 5 }), "family 5"},
		{"interface name", instance(func(i *spec.Instance) { i.Interface = "a-name-of-16-byte" }), "1 to 15 bytes"},
		{"no group", instance(func(i *spec.Instance) { i.Group = netip.Addr{} }), "no multicast group"},
		{"group of the other family", instance(func(i *spec.Instance) { i.Group = netip.MustParseAddr("ff02::12") }), "no multicast group of family ipv4"},
		{"unicast alone", instance(unicast), "unicast without peers"},
		{"unicast to itself", among(instance(func(i *spec.Instance) { unicast(i); i.Source = host(1) }), 1), "peer 10.9.0.2: it has to be the unicast address of another director"},
		{"TTL", among(instance(func(i *spec.Instance) { unicast(i); i.TTLMin, i.TTLMax = 255, 254 }), 1), "TTL from 255 to 254"},
		{"password of version 3", instance(func(i *spec.Instance) { i.Secret = "s" }), "only version 2 has it"},
		{"password not given", instance(func(i *spec.Instance) { i.Version, i.Interval, i.Secret = 2, time.Second, "t" }), `secret "t" was not given`},
		{"password too long", instance(func(i *spec.Instance) { i.Version, i.Interval, i.Secret = 2, time.Second, "long" }), `secret "long" has 9 bytes`},
		{"pseudo header of version 2", instance(func(i *spec.Instance) { i.Version, i.Interval, i.PseudoHeader = 2, time.Second, true }), "only version 3 over IPv4"},
		{"no address", spec.VRRP{Instances: plain(100).Instances}, "0 addresses"},
		{"mixed families", with(plain(100), "web", "2001:db8::1/64"), "address 2001:db8::1 is not of family ipv4"},
		{"IPv6 without link-local", func() spec.VRRP { v := six(100); v.Addresses = v.Addresses[:1]; return v }(), "link-local virtual address in front"},
		{"nobody's address", with(plain(100), "other", "10.9.0.101/24"), `virtual address other 10.9.0.101/24: there is no instance "other"`},
		{"twice", func() spec.VRRP { v := plain(100); v.Addresses = append(v.Addresses, v.Addresses...); return v }(), "out of order or twice"},
		{"scope", func() spec.VRRP { v := plain(100); v.Addresses[0].Value.Scope = "world"; return v }(), `scope "world"`},
		{"weight", func() spec.VRRP {
			v := plain(100)
			v.Trackers = spec.Rows[spec.TrackerKey, spec.Tracking]{{Key: spec.TrackerKey{Instance: "web"}, Value: spec.Tracking{Weight: 254}}}
			return v
		}(), "weight 254"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := check(tt.v, map[string]string{"s": "x", "long": "123456789"})
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

func TestCheckTogether(t *testing.T) {
	v := plain(100)
	second := v.Instances[0]
	second.Key = "zweb"
	v.Instances = append(v.Instances, second)
	v = with(v, "zweb", "10.9.0.100/24")
	err := check(v, nil)
	for _, want := range []string{"web has virtual router id 51 of ipv4 on eth0 already", "virtual address zweb 10.9.0.100/24: web holds it on eth0 already"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
	v = with(plain(100), "web")
	for n := range 255 {
		v = with(v, "web", netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 10, 0, byte(n)}), 32).String())
	}
	if err := check(v, nil); err == nil || !strings.Contains(err.Error(), "256 addresses: 1 to 255 are possible") {
		t.Errorf("256 addresses: %v", err)
	}
}
