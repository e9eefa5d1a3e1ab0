package metrics

import "github.com/lbsync/lbsync/spec"

var serviceMetrics = []Definition{
	{"lbsync_services", Gauge, "Services that are live and wanted, without the private ones of checks along the real path.", nil,
		one(func(s *Scrape) float64 { return float64(s.Status.Services) })},
	{"lbsync_service_connections_total", Counter, "Connections that the service took since it was added.", []string{"service"},
		ofServices(func(c spec.Counters) uint64 { return c.Connections })},
	{"lbsync_service_incoming_packets_total", Counter, "Packets from clients of the service.", []string{"service"},
		ofServices(func(c spec.Counters) uint64 { return c.InPackets })},
	{"lbsync_service_outgoing_packets_total", Counter, "Packets to clients of the service that passed the director: none with dr and tun.", []string{"service"},
		ofServices(func(c spec.Counters) uint64 { return c.OutPackets })},
	{"lbsync_service_incoming_bytes_total", Counter, "Bytes from clients of the service.", []string{"service"},
		ofServices(func(c spec.Counters) uint64 { return c.InBytes })},
	{"lbsync_service_outgoing_bytes_total", Counter, "Bytes to clients of the service that passed the director.", []string{"service"},
		ofServices(func(c spec.Counters) uint64 { return c.OutBytes })},
}

// ofServices has a series of each live service, foreign ones too, by the key that operators type; none of the private ones of checks.
func ofServices(value func(spec.Counters) uint64) func(*Scrape, Series) {
	return func(s *Scrape, add Series) {
		if s.Stats == nil {
			return
		}
		for _, c := range s.Stats.Services {
			if c.Key.Private() {
				break // they come last
			}
			add(float64(value(c.Counters)), c.Key.String())
		}
	}
}
