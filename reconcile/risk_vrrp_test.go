package reconcile

import (
	"net/netip"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

func TestRiskOfInstanceEdits(t *testing.T) {
	base := spec.Instance{Interface: "eth0", RouterID: 1, Version: 3, Family: spec.IPv4, Priority: 100, Interval: time.Second, TTLMin: 255, TTLMax: 255, DownAdverts: 3}
	alone := func(i spec.Instance) spec.Instance { i.Preempt = true; return i }(base)
	v2 := func(i spec.Instance) spec.Instance { i.Version = 2; return i }(base)
	for _, tc := range []struct {
		name   string
		before spec.Instance
		edit   func(*spec.Instance)
		want   spec.Risk
	}{
		{"interface", base, func(i *spec.Instance) { i.Interface = "eth1" }, spec.RiskTransition},
		{"virtual router id", base, func(i *spec.Instance) { i.RouterID = 2 }, spec.RiskTransition},
		{"version", base, func(i *spec.Instance) { i.Version = 2 }, spec.RiskTransition},
		{"family", base, func(i *spec.Instance) { i.Family = spec.IPv6 }, spec.RiskTransition},
		{"unicast", base, func(i *spec.Instance) { i.Unicast = true }, spec.RiskTransition},
		{"source", base, func(i *spec.Instance) { i.Source = netip.IPv4Unspecified() }, spec.RiskTransition},
		{"group", base, func(i *spec.Instance) { i.Group = netip.IPv4Unspecified() }, spec.RiskTransition},
		{"narrower TTL", base, func(i *spec.Instance) { i.TTLMin = 255; i.TTLMax = 254 }, spec.RiskTransition},
		{"password", v2, func(i *spec.Instance) { i.Secret = "x" }, spec.RiskTransition},
		{"virtual MAC", base, func(i *spec.Instance) { i.VMAC = true }, spec.RiskTransition},
		{"interval of version 2, which drops another", v2, func(i *spec.Instance) { i.Interval = 2 * time.Second }, spec.RiskTransition},
		{"interval of version 3, which is learned", base, func(i *spec.Instance) { i.Interval = 2 * time.Second }, spec.RiskNone},
		{"priority without preemption", base, func(i *spec.Instance) { i.Priority = 101 }, spec.RiskNone},
		{"priority of the owner", base, func(i *spec.Instance) { i.Priority = 255 }, spec.RiskTransition},
		{"priority with preemption", alone, func(i *spec.Instance) { i.Priority = 99 }, spec.RiskTransition},
		{"preemption on", base, func(i *spec.Instance) { i.Preempt = true }, spec.RiskTransition},
		{"preemption off", alone, func(i *spec.Instance) { i.Preempt = false }, spec.RiskNone},
		{"delay", alone, func(i *spec.Instance) { i.PreemptDelay = time.Second }, spec.RiskNone},
		{"checksum", base, func(i *spec.Instance) { i.PseudoHeader = true }, spec.RiskNone},
		{"announce", base, func(i *spec.Instance) { i.Announce.Repeat = 1 }, spec.RiskNone},
		{"sync group", base, func(i *spec.Instance) { i.SyncGroup = "g" }, spec.RiskNone},
	} {
		after := tc.before
		tc.edit(&after)
		if got := risk(&spec.Change{Key: spec.InstanceKey("v"), Action: spec.Edit, Before: tc.before, After: after}); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestRiskOfVRRPRows(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change spec.Change
		want   spec.Risk
	}{
		{"a new instance", spec.Change{Key: spec.InstanceKey("v"), Action: spec.Add, After: spec.Instance{}}, spec.RiskNone},
		{"an instance goes", spec.Change{Key: spec.InstanceKey("v"), Action: spec.Remove, Before: spec.Instance{}}, spec.RiskTransition},
		{"a new peer", spec.Change{Key: spec.PeerKey{}, Action: spec.Add, After: spec.Peer{}}, spec.RiskNone},
		{"a peer is another director", spec.Change{Key: spec.PeerKey{}, Action: spec.Edit, Before: spec.Peer{}, After: spec.Peer{Director: "lb2"}}, spec.RiskNone},
		{"a peer goes", spec.Change{Key: spec.PeerKey{}, Action: spec.Remove, Before: spec.Peer{}}, spec.RiskTransition},
		{"a new address", spec.Change{Key: spec.AddressKey{}, Action: spec.Add, After: spec.Address{}}, spec.RiskNone},
		{"an address goes", spec.Change{Key: spec.AddressKey{}, Action: spec.Remove, Before: spec.Address{}}, spec.RiskResets},
		{"a route goes", spec.Change{Key: spec.RouteKey{}, Action: spec.Remove, Before: spec.Route{}}, spec.RiskResets},
		{"a rule goes", spec.Change{Key: spec.RuleKey{}, Action: spec.Remove, Before: spec.Rule{}}, spec.RiskResets},
		{"a tracker goes", spec.Change{Key: spec.TrackerKey{}, Action: spec.Remove, Before: spec.Tracking{}}, spec.RiskNone},
		{"a tracker of some weight goes", spec.Change{Key: spec.TrackerKey{}, Action: spec.Remove, Before: spec.Tracking{Weight: 1}}, spec.RiskTransition},
		{"a new tracker", spec.Change{Key: spec.TrackerKey{}, Action: spec.Add, After: spec.Tracking{Weight: -1}}, spec.RiskTransition},
		{"a tracker weighs more", spec.Change{Key: spec.TrackerKey{}, Action: spec.Edit, Before: spec.Tracking{}, After: spec.Tracking{Weight: 1}}, spec.RiskTransition},
		{"a tracker runs less often", spec.Change{Key: spec.TrackerKey{}, Action: spec.Edit, Before: spec.Tracking{}, After: spec.Tracking{Interval: 1}}, spec.RiskNone},
		{"the sync role is followed no more", spec.Change{Key: spec.FollowSyncKey("v"), Action: spec.Remove, Before: spec.FollowSync{}}, spec.RiskNone},
	} {
		if got := risk(&tc.change); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}
