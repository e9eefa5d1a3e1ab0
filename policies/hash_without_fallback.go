package policies

import (
	"fmt"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// hashWithoutFallback advises on health checks whose failure does not help with sh and mh. A real server with weight 0 stays in the table
// that a client is hashed to, with sh once in each round over the real servers (ip_vs_sh.c, ip_vs_sh_reassign), with mh with all the
// weight that it had last (ip_vs_mh.c, last_weight). Without the fallback flag ip_vs_sh_get and ip_vs_mh_get find nobody for those
// clients, and their connections are not scheduled at all.
type hashWithoutFallback struct{}

func (hashWithoutFallback) Name() string      { return "hash-without-fallback" }
func (hashWithoutFallback) Level() spec.Level { return spec.Advise }
func (hashWithoutFallback) Meaning() string {
	return "A virtual_server with the scheduler sh or mh whose health checks set weight 0 has the fallback flag of its scheduler."
}

func (hashWithoutFallback) Check(in *Input) []Finding {
	var out []Finding
	for _, c := range in.Fleet.Clusters {
		for _, vs := range c.VirtualServers {
			s := vs.Def.Service
			if s.Scheduler != "sh" && s.Scheduler != "mh" || s.Flags&spec.SchedFlag1 != 0 || len(vs.Def.RealServers) < 2 {
				continue
			}
			if why := weighedOut(vs.Def); why != "" {
				out = append(out, found(vs.Place.Pos(vs.Def.At), fmt.Sprintf("virtual_server %q refuses clients of a real server that fails", vs.Def.Name),
					"%s, and scheduler %q goes on sending it the clients that it is hashed to, whose new connections are refused. Add \"%s-fallback\" to flags, and they go to another one.",
					why, s.Scheduler, s.Scheduler))
			}
		}
	}
	return out
}

// weighedOut is how a check gives a real server weight 0 and leaves it in; "": none does.
func weighedOut(vs *spec.VirtualServer) string {
	for i := range vs.RealServers {
		checks := vs.RealServers[i].HealthChecks
		if len(checks) == 0 {
			checks = vs.HealthChecks
		}
		switch {
		case len(checks) > 0 && vs.Inhibit:
			return "With inhibit_on_failure a real server that fails stays with weight 0"
		case slices.ContainsFunc(checks, func(h spec.HealthCheck) bool { return slices.Contains(h.Setting("weight_from_exit"), "true") }):
			return "With weight_from_exit a health_check may ask for weight 0"
		}
	}
	return ""
}
