package metrics

import "github.com/lbsync/lbsync/spec"

var ofOne = []string{"service", "real_server"}

var realServerMetrics = []Definition{
	{"lbsync_real_servers", Gauge, "Real servers that are live and wanted, over all services.", nil,
		one(func(s *Scrape) float64 { return float64(s.Status.RealServers) })},
	{"lbsync_real_server_weight", Gauge, "Live weight of the real server; 0 takes no new connections.", ofOne,
		ofRealServers(func(d *spec.DestStats) float64 { return float64(d.Weight) })},
	{"lbsync_real_server_active_connections", Gauge, "Connections of the real server that are established.", ofOne,
		ofRealServers(func(d *spec.DestStats) float64 { return float64(d.Active) })},
	{"lbsync_real_server_inactive_connections", Gauge, "Connections of the real server that are in another state.", ofOne,
		ofRealServers(func(d *spec.DestStats) float64 { return float64(d.Inactive) })},
	{"lbsync_real_server_persistent_connections", Gauge, "Persistence templates that lead to the real server.", ofOne,
		ofRealServers(func(d *spec.DestStats) float64 { return float64(d.Persistent) })},
	{"lbsync_real_server_connections_total", Counter, "Connections that the real server took since it was added.", ofOne,
		ofRealServers(func(d *spec.DestStats) float64 { return float64(d.Connections) })},
	{"lbsync_real_server_incoming_packets_total", Counter, "Packets to the real server.", ofOne,
		ofRealServers(func(d *spec.DestStats) float64 { return float64(d.InPackets) })},
	{"lbsync_real_server_outgoing_packets_total", Counter, "Packets of the real server that passed the director: none with dr and tun.", ofOne,
		ofRealServers(func(d *spec.DestStats) float64 { return float64(d.OutPackets) })},
	{"lbsync_real_server_incoming_bytes_total", Counter, "Bytes to the real server.", ofOne,
		ofRealServers(func(d *spec.DestStats) float64 { return float64(d.InBytes) })},
	{"lbsync_real_server_outgoing_bytes_total", Counter, "Bytes of the real server that passed the director.", ofOne,
		ofRealServers(func(d *spec.DestStats) float64 { return float64(d.OutBytes) })},
}

// ofRealServers has a series of each live real server, unless the configuration wants none.
func ofRealServers(value func(*spec.DestStats) float64) func(*Scrape, Series) {
	return func(s *Scrape, add Series) {
		if s.Stats == nil || !s.RealServers {
			return
		}
		var of spec.ServiceKey // of many in a row: its text is made once
		var service string
		for i := range s.Stats.Dests {
			d := &s.Stats.Dests[i]
			if d.Key.Service.Private() {
				break // they come last
			}
			if d.Key.Service != of {
				of, service = d.Key.Service, d.Key.Service.String()
			}
			add(value(d), service, d.Key.Addr.String())
		}
	}
}
