package spec

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// pending are the attributes and blocks that this version checks but does not act upon: where one is used, and what that means.
// Each has one warning in a fleet, at its first use.
var pending = []struct {
	what   string
	detail string
	at     func(c *Cluster) Pos // of the first use, or nowhere
}{
	{"accept = false", "accept = false is checked but not enforced by this version: a master takes all packets for its virtual addresses. Those of a service go to the real servers either way.", func(c *Cluster) Pos {
		for _, i := range c.Instances {
			if !i.Def.Accept {
				return i.Place.Pos(i.Def.At)
			}
		}
		return Pos{}
	}},
	{"notify \"smtp\"", "notify \"smtp\" is checked but not sent by this version: nobody gets a mail. exec, webhook and fifo work.", firstNotify(func(n Notify) bool { return n.Kind == "smtp" })},
	{"notify", "notify hears nothing of quorum and real_server in this version: no health check is run.",
		firstNotify(func(n Notify) bool { return slices.ContainsFunc(n.On, untold) })},
	{"health_check", "health_check is checked but not run by this version: real servers keep their configured weight.", firstServer(func(v *VirtualServer) Mark {
		for _, h := range v.HealthChecks {
			return h.At
		}
		for i := range v.RealServers {
			for _, h := range v.RealServers[i].HealthChecks {
				return h.At
			}
		}
		return Mark{}
	})},
	{"quorum", "quorum and hysteresis are checked but not acted upon by this version: no real server counts as down.", firstServer(markIf(func(v *VirtualServer) bool { return v.Quorum > 1 || v.Hysteresis > 0 }))},
	{"sorry_server", "sorry_server is checked but not used by this version: no real server counts as down.", firstServer(func(v *VirtualServer) Mark {
		if v.SorryServer != nil {
			return v.SorryServer.At
		}
		return Mark{}
	})},
	{"inhibit_on_failure", "inhibit_on_failure is checked but not acted upon by this version: no real server counts as down.", firstServer(markIf(func(v *VirtualServer) bool { return v.Inhibit }))},
	{"start_state", "start_state is checked but not acted upon by this version: real servers start with their configured weight.", firstServer(markIf(func(v *VirtualServer) bool { return v.StartDown }))},
	{"drain_timeout", "drain_timeout is checked but not acted upon by this version: a removed real server is removed at once.", firstServer(markIf(func(v *VirtualServer) bool { return v.DrainTimeout > 0 }))},
	{"slow_start", "slow_start is checked but not acted upon by this version: no real server comes back.", firstServer(markIf(func(v *VirtualServer) bool { return v.SlowStart > 0 }))},
	{"brake", "brake is checked but not acted upon by this version: no real server counts as down.", func(c *Cluster) Pos { return c.Place.Pos(c.Brake.At) }},
}

// untold says whether nothing tells of an event yet.
func untold(on string) bool {
	return on == "quorum" || on == "real_server"
}

func firstNotify(is func(Notify) bool) func(*Cluster) Pos {
	return func(c *Cluster) Pos {
		for _, i := range c.Instances {
			if at := slices.IndexFunc(i.Def.Notify, is); at >= 0 {
				return i.Place.Pos(i.Def.Notify[at].At)
			}
		}
		for _, g := range c.SyncGroups {
			if at := slices.IndexFunc(g.Notify, is); at >= 0 {
				return c.Place.Pos(g.Notify[at].At)
			}
		}
		return Pos{}
	}
}

func firstServer(mark func(*VirtualServer) Mark) func(*Cluster) Pos {
	return func(c *Cluster) Pos {
		for _, v := range c.VirtualServers {
			if m := mark(v.Def); m.Line > 0 {
				return v.Place.Pos(m)
			}
		}
		return Pos{}
	}
}

func markIf(is func(*VirtualServer) bool) func(*VirtualServer) Mark {
	return func(v *VirtualServer) Mark {
		if is(v) {
			return v.At
		}
		return Mark{}
	}
}

func pendingWarnings(f *Fleet, rangeOf func(Pos) hcl.Range) hcl.Diagnostics {
	var out hcl.Diagnostics
	for _, p := range pending {
		for i := range f.Clusters {
			if at := p.at(&f.Clusters[i]); at.Line > 0 {
				rng := rangeOf(at)
				out = append(out, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Not in this version: " + p.what, Detail: p.detail, Subject: &rng})
				break
			}
		}
	}
	return out
}
