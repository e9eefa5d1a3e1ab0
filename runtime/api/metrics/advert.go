package metrics

import (
	"maps"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// advertMetrics are the counters of each instance since the engine began.
var advertMetrics = []Definition{
	{"lbsync_vrrp_became_master_total", Counter, "How often the instance became master.", ofInstance,
		ofAdverts(func(c *spec.VRRPCounters) uint64 { return c.BecameMaster })},
	{"lbsync_vrrp_adverts_sent_total", Counter, "Advertisements sent.", ofInstance,
		ofAdverts(func(c *spec.VRRPCounters) uint64 { return c.Sent })},
	{"lbsync_vrrp_adverts_received_total", Counter, "Advertisements received.", ofInstance,
		ofAdverts(func(c *spec.VRRPCounters) uint64 { return c.Received })},
	{"lbsync_vrrp_priority_zero_received_total", Counter, "Advertisements of priority 0 received: a master that steps down.", ofInstance,
		ofAdverts(func(c *spec.VRRPCounters) uint64 { return c.PriorityZero })},
	{"lbsync_vrrp_send_errors_total", Counter, "Advertisements that could not be sent.", ofInstance,
		ofAdverts(func(c *spec.VRRPCounters) uint64 { return c.SendErrors })},
	{"lbsync_vrrp_dropped_total", Counter, "Advertisements that were not accepted, by reason.", []string{"vrrp_instance", "reason"},
		ofInstances(func(i *spec.InstanceStatus, name string, add Series) {
			for _, why := range slices.Sorted(maps.Keys(i.Counters.Dropped)) {
				add(float64(i.Counters.Dropped[why]), name, why)
			}
		})},
	{"lbsync_vrrp_interval_differs_total", Counter, "Advertisements accepted of another interval than the instance's.", ofInstance,
		ofAdverts(func(c *spec.VRRPCounters) uint64 { return c.IntervalDiff })},
	{"lbsync_vrrp_addresses_differ_total", Counter, "Advertisements accepted of other addresses than the instance's.", ofInstance,
		ofAdverts(func(c *spec.VRRPCounters) uint64 { return c.AddressesDiff })},
	{"lbsync_vrrp_plain_checksum_total", Counter, "Advertisements of VRRP 3 over IPv4 whose checksum is that of RFC 9568.", ofInstance,
		ofAdverts(func(c *spec.VRRPCounters) uint64 { return c.PlainSum })},
	{"lbsync_vrrp_pseudo_header_checksum_total", Counter, "Advertisements of VRRP 3 over IPv4 whose checksum covers a pseudo header.", ofInstance,
		ofAdverts(func(c *spec.VRRPCounters) uint64 { return c.PseudoSum })},
}

func ofAdverts(value func(*spec.VRRPCounters) uint64) func(*Scrape, Series) {
	return ofInstances(func(i *spec.InstanceStatus, name string, add Series) { add(float64(value(&i.Counters)), name) })
}
