package spec

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// runnable are the rows of two instances, one of each family and way.
func runnable() VRRP {
	addr, prefix := netip.MustParseAddr, netip.MustParsePrefix
	v := Instance{Interface: "eth0", RouterID: 7, Version: 2, Family: IPv4, Priority: 100, Interval: time.Second, DownAdverts: 3,
		Unicast: true, Source: addr("192.0.2.11"), TTLMin: 255, TTLMax: 255}
	w := Instance{Interface: "eth0", RouterID: 7, Version: 3, Family: IPv6, Priority: 100, Interval: 10 * time.Millisecond, DownAdverts: 3, Group: addr("ff02::12")}
	return VRRP{
		Instances: Rows[InstanceKey, Instance]{{Key: "v", Value: v}, {Key: "w", Value: w}},
		Peers:     Rows[PeerKey, Peer]{{Key: PeerKey{"v", addr("192.0.2.12")}}},
		Addresses: Rows[AddressKey, Address]{
			{Key: AddressKey{"v", prefix("192.0.2.1/32")}, Value: Address{Device: "eth0", Scope: "global"}},
			{Key: AddressKey{"w", prefix("fe80::1/64")}, Value: Address{Device: "eth0", Scope: "global"}},
			{Key: AddressKey{"w", prefix("192.0.2.2/32")}, Value: Address{Device: "eth0", Scope: "global", Excluded: true}},
		},
		Routes:   Rows[RouteKey, Route]{{Key: RouteKey{Instance: "v"}}},
		Rules:    Rows[RuleKey, Rule]{{Key: RuleKey{Instance: "v"}}},
		Trackers: Rows[TrackerKey, Tracking]{{Key: TrackerKey{Instance: "v"}}},
		Follow:   Rows[FollowSyncKey, FollowSync]{{Key: "v"}},
	}
}

func TestVRRPCheck(t *testing.T) {
	if err := runnable().Check(); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*VRRP, *Instance, *Instance){
		"vrrp instance v: it has no interface":                                                 func(_ *VRRP, v, _ *Instance) { v.Interface = "" },
		"virtual_router_id and priority are 1 to 255":                                          func(_ *VRRP, v, _ *Instance) { v.RouterID = 0 },
		"vrrp instance w: virtual_router_id and priority":                                      func(_ *VRRP, _, w *Instance) { w.Priority = 0 },
		"down_timer_adverts 1 to 100":                                                          func(_ *VRRP, v, _ *Instance) { v.DownAdverts = 101 },
		"it has no address family":                                                             func(_ *VRRP, v, _ *Instance) { v.Family = 0 },
		"its source 192.0.2.9 is not":                                                          func(_ *VRRP, _, w *Instance) { w.Source = netip.MustParseAddr("192.0.2.9") },
		"there is no version 4":                                                                func(_ *VRRP, v, _ *Instance) { v.Version = 4 },
		"version 2 has no IPv6":                                                                func(_ *VRRP, _, w *Instance) { w.Version = 2 },
		"version 2 has whole seconds, 1 to 255, and not 1.5s":                                  func(_ *VRRP, v, _ *Instance) { v.Interval = 1500 * time.Millisecond },
		"version 2 has whole seconds, 1 to 255, and not 4m16s":                                 func(_ *VRRP, v, _ *Instance) { v.Interval = 256 * time.Second },
		"version 3 has steps of 10 ms, 10ms to 40.95s, and not 15ms":                           func(_ *VRRP, _, w *Instance) { w.Interval = 15 * time.Millisecond },
		"version 3 has no password":                                                            func(_ *VRRP, _, w *Instance) { w.Secret = "s" },
		"it is unicast and has no source":                                                      func(_ *VRRP, v, _ *Instance) { v.Source = netip.Addr{} },
		"no TTL is from 255 to 254":                                                            func(_ *VRRP, v, _ *Instance) { v.TTLMax = 254 },
		"224.0.0.18 is no multicast group of ipv6":                                             func(_ *VRRP, _, w *Instance) { w.Group = netip.MustParseAddr("224.0.0.18") },
		"vrrp peer v peer 192.0.2.12: the instance is not unicast":                             func(_ *VRRP, v, _ *Instance) { v.Unicast, v.Group = false, netip.MustParseAddr("224.0.0.18") },
		"vrrp peer v peer 192.0.2.12: this is the instance's own source":                       func(_ *VRRP, v, _ *Instance) { v.Source = netip.MustParseAddr("192.0.2.12") },
		"vrrp peer v peer fe80::2: the instance is ipv4":                                       func(s *VRRP, _, _ *Instance) { s.Peers[0].Key.Addr = netip.MustParseAddr("fe80::2") },
		"vrrp instance v: it is unicast and has no peer":                                       func(s *VRRP, _, _ *Instance) { s.Peers = nil },
		"vrrp instance v: it advertises no address":                                            func(s *VRRP, _, _ *Instance) { s.Addresses = s.Addresses[1:] },
		"vrrp instance w: it advertises no address":                                            func(s *VRRP, _, _ *Instance) { s.Addresses[1].Value.Excluded = true },
		"vrrp instance w: it advertises no link-local address":                                 func(s *VRRP, _, _ *Instance) { s.Addresses[1].Key.Prefix = netip.MustParsePrefix("2001:db8::1/64") },
		"virtual address w 192.0.2.2/32: the instance is ipv6, and advertises it":              func(s *VRRP, _, _ *Instance) { s.Addresses[2].Value.Excluded = false },
		"vrrp instances v and w: both hold 192.0.2.1 on eth0":                                  func(s *VRRP, _, _ *Instance) { s.Addresses[2].Key.Prefix = netip.MustParsePrefix("192.0.2.1/24") },
		"vrrp instances v and x: both are virtual router 7 of ipv4 on eth0":                    func(s *VRRP, v, _ *Instance) { twin(s, *v) },
		"virtual route x route invalid Prefix table 0: there is no vrrp instance of that name": func(s *VRRP, _, _ *Instance) { s.Routes[0].Key.Instance = "x" },
		"virtual rule x rule : there is no vrrp instance of that name":                         func(s *VRRP, _, _ *Instance) { s.Rules[0].Key.Instance = "x" },
		"vrrp tracker x track  : there is no vrrp instance of that name":                       func(s *VRRP, _, _ *Instance) { s.Trackers[0].Key.Instance = "x" },
		"sync role x: there is no vrrp instance of that name":                                  func(s *VRRP, _, _ *Instance) { s.Follow[0].Key = "x" },
		"sync daemons follow v and w: one kernel has one pair of them":                         func(s *VRRP, _, _ *Instance) { s.Follow = append(s.Follow, Row[FollowSyncKey, FollowSync]{Key: "w"}) },
		"interface a-name-of-16-byte: a name has 15 bytes at most":                             func(_ *VRRP, v, _ *Instance) { v.Interface = "a-name-of-16-byte" },
		"vrrp instance v: it has a delay below 0":                                              func(_ *VRRP, v, _ *Instance) { v.Announce.Refresh = -1 },
		"vrrp instance w: only version 3 over IPv4 has two ways":                               func(_ *VRRP, _, w *Instance) { w.PseudoHeader = true },
		"vrrp instance v: it is unicast and has a virtual MAC":                                 func(_ *VRRP, v, _ *Instance) { v.VMAC = true },
		"vrrp peer v peer 224.0.0.18: this is a multicast group":                               func(s *VRRP, _, _ *Instance) { s.Peers[0].Key.Addr = netip.MustParseAddr("224.0.0.18") },
		`virtual address v 192.0.2.1/32: device "", label ""`:                                  func(s *VRRP, _, _ *Instance) { s.Addresses[0].Value.Device = "" },
		`virtual address w 192.0.2.2/32: there is no scope "world"`:                            func(s *VRRP, _, _ *Instance) { s.Addresses[2].Value.Scope = "world" },
		"virtual address w fe80::1/64: only IPv4 has a broadcast address":                      func(s *VRRP, _, _ *Instance) { s.Addresses[1].Value.Broadcast = netip.MustParseAddr("192.0.2.255") },
		"vrrp tracker v track  : weight 254":                                                   func(s *VRRP, _, _ *Instance) { s.Trackers[0].Value.Weight = 254 },
		"vrrp instance v: it advertises 256 addresses, and at most 255 are possible":           func(s *VRRP, _, _ *Instance) { many(s, "v", 255, netip.AddrFrom4([4]byte{10})) },
		"vrrp instance w: it advertises 91 addresses, and at most 90 are possible":             func(s *VRRP, _, _ *Instance) { many(s, "w", 90, netip.MustParseAddr("2001:db8::")) },
	} {
		s := runnable()
		spoil(&s, &s.Instances[0].Value, &s.Instances[1].Value)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// many adds so many addresses to an instance.
func many(s *VRRP, k InstanceKey, n int, a netip.Addr) {
	for range n {
		a = a.Next()
		s.Addresses = append(s.Addresses, Row[AddressKey, Address]{Key: AddressKey{k, netip.PrefixFrom(a, a.BitLen())}, Value: Address{Device: "eth0", Scope: "global"}})
	}
}

// twin adds an instance x of the settings of another one.
func twin(s *VRRP, i Instance) {
	s.Instances = append(s.Instances, Row[InstanceKey, Instance]{Key: "x", Value: i})
	s.Peers = append(s.Peers, Row[PeerKey, Peer]{Key: PeerKey{"x", netip.MustParseAddr("192.0.2.12")}})
	s.Addresses = append(s.Addresses, Row[AddressKey, Address]{Key: AddressKey{"x", netip.MustParsePrefix("192.0.2.9/32")}, Value: Address{Device: "eth0", Scope: "global"}})
}
