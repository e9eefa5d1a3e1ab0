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
}

func firstNotify(is func(Notify) bool) func(*Cluster) Pos {
	return func(c *Cluster) Pos {
		if at := slices.IndexFunc(c.Notify, is); at >= 0 {
			return c.Place.Pos(c.Notify[at].At)
		}
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
