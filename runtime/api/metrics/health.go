package metrics

import "github.com/lbsync/lbsync/spec"

// checkStates and serverStates are all that there are: a rule can name any of them, and none vanishes.
var (
	checkStates  = []spec.CheckState{spec.CheckUp, spec.CheckDown, spec.CheckUnknown}
	serverStates = []string{"out", "rising", "held", "weighed", "unjudged"}
)

var healthMetrics = []Definition{
	{"lbsync_checks_configured", Gauge, "Health checks of real servers; nothing of this group is there on a director that checks none.", nil,
		ofHealth(func(h *spec.HealthStatus, add Series) { add(float64(h.Configured)) })},
	{"lbsync_checks", Gauge, "Checks that are run, identical ones once, by state.", []string{"state"}, ofHealth(func(h *spec.HealthStatus, add Series) {
		for _, state := range checkStates {
			add(float64(h.States[state.String()]), state.String())
		}
	})},
	{"lbsync_checks_unique", Gauge, "Checks that are run, over all states.", nil,
		ofHealth(func(h *spec.HealthStatus, add Series) { add(float64(h.Unique)) })},
	{"lbsync_checks_frozen", Gauge, "1 while this host is so late itself that no failure counts.", nil,
		ofHealth(func(h *spec.HealthStatus, add Series) { add(truth(h.Frozen != "")) })},
	{"lbsync_probes_in_flight", Gauge, "Probes that are under way.", nil,
		ofHealth(func(h *spec.HealthStatus, add Series) { add(float64(h.InFlight)) })},
	{"lbsync_probes_total", Counter, "Probes by kind of the check and by result; skipped were not made, or not counted, as this host was late or lacked something.", []string{"kind", "result"},
		ofHealth(func(h *spec.HealthStatus, add Series) {
			for _, k := range h.Kinds {
				add(float64(k.OK), k.Kind, "ok")
				add(float64(k.Failed), k.Kind, "failed")
				add(float64(k.Skipped), k.Kind, "skipped")
			}
		})},
	{"lbsync_checked_real_servers", Gauge, "Real servers that have a check, over all services.", nil,
		ofHealth(func(h *spec.HealthStatus, add Series) { add(float64(h.Checked)) })},
	{"lbsync_real_server_states", Gauge, "Real servers that are not simply in: out; rising, whose weight does; held, whose failure is not believed; weighed, of which a check asks for another weight; unjudged, of which nothing is known yet.",
		[]string{"state"}, ofHealth(realServerStates)},
	{"lbsync_real_servers_draining", Gauge, "Real servers that were removed and keep their open connections for a time.", nil,
		ofHealth(func(h *spec.HealthStatus, add Series) { add(float64(len(draining(h)))) })},
	{"lbsync_services_without_quorum", Gauge, "Services whose live real servers weigh too little.", nil,
		ofHealth(func(h *spec.HealthStatus, add Series) { add(float64(count(h.Services, lostQuorum))) })},
	{"lbsync_service_quorum_lost", Gauge, "1 for each service that has lost its quorum; the others have no series.", []string{"service"},
		ofHealth(func(h *spec.HealthStatus, add Series) { eachService(h, lostQuorum, add) })},
	{"lbsync_brake", Gauge, "1 while so many checks fail that none of them is believed, and weights stay.", nil,
		ofHealth(func(h *spec.HealthStatus, add Series) { add(truth(h.Brake != nil)) })},
	{"lbsync_service_brake", Gauge, "1 for each service of which so many real servers fail that it is not believed; the others have no series.", []string{"service"},
		ofHealth(func(h *spec.HealthStatus, add Series) { eachService(h, braked, add) })},
	{"lbsync_real_server_out", Gauge, "1 for each real server that its checks have taken out; the others have no series.", ofOne, func(s *Scrape, add Series) {
		if h := s.Status.Health; h != nil && s.RealServers {
			for _, r := range h.Servers {
				if r.State == "out" {
					add(1, r.Key.Service.String(), r.Key.Addr.String())
				}
			}
		}
	}},
	{"lbsync_real_server_drain_connections", Gauge, "Connections that a draining real server had when they were counted last.", ofOne, func(s *Scrape, add Series) {
		if h := s.Status.Health; h != nil && s.RealServers {
			for _, d := range draining(h) {
				add(float64(max(0, d.Left)), d.Key.Service.String(), d.Key.Addr.String())
			}
		}
	}},
}

var healthDistributions = []Distribution{
	{"lbsync_probe_duration_seconds", "How long probes took that succeeded, by kind of the check.", []string{"kind"}, func(s *Scrape, add Spread) {
		if h := s.Status.Health; h != nil {
			for i := range h.Kinds {
				add(&h.Kinds[i].Took, h.Kinds[i].Kind)
			}
		}
	}},
	{"lbsync_probe_delay_seconds", "How much later than they should probes began.", nil, func(s *Scrape, add Spread) {
		if h := s.Status.Health; h != nil {
			add(&h.Delay)
		}
	}},
}

// ofHealth has no series where nothing is checked.
func ofHealth(collect func(*spec.HealthStatus, Series)) func(*Scrape, Series) {
	return func(s *Scrape, add Series) {
		if h := s.Status.Health; h != nil {
			collect(h, add)
		}
	}
}

func realServerStates(h *spec.HealthStatus, add Series) {
	n := map[string]int{}
	for _, r := range h.Servers {
		n[r.State]++
	}
	for _, state := range serverStates {
		add(float64(n[state]), state)
	}
}

func draining(h *spec.HealthStatus) []spec.Drain {
	var out []spec.Drain
	for _, d := range h.Drains {
		if d.Ended == "" {
			out = append(out, d)
		}
	}
	return out
}

func lostQuorum(s spec.ServiceHealth) bool { return s.Lost }
func braked(s spec.ServiceHealth) bool     { return s.Brake != nil }

func count(all []spec.ServiceHealth, is func(spec.ServiceHealth) bool) int {
	n := 0
	for _, s := range all {
		if is(s) {
			n++
		}
	}
	return n
}

func eachService(h *spec.HealthStatus, is func(spec.ServiceHealth) bool, add Series) {
	for _, s := range h.Services {
		if is(s) {
			add(1, s.Key.String())
		}
	}
}
