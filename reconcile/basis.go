package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// Basis is what of the facts Want depends on, as text: while it and Shift are the same, so is what is wanted.
func Basis(v spec.View, f spec.Facts) string {
	var b strings.Builder
	fmt.Fprint(&b, f.Receiver, f.Boost, f.Released, f.Daemons)
	writeSorted(&b, f.Roles)
	for _, name := range slices.Sorted(maps.Keys(f.Peers)) {
		p := f.Peers[name]
		fmt.Fprintf(&b, "\n%s %t %t %t", name, p.Answers(), p.Silent.IsZero(), unawaited(rolloutWith(v, name), p, f))
		if r := p.Report; r != nil {
			writeCoverage(&b, v, name, r.Coverage[v.Director.Def.Name], f.Receiver)
			fmt.Fprint(&b, r.Daemons, r.SyncIDs)
			writeSorted(&b, r.Roles)
		}
	}
	for _, s := range f.Strangers {
		fmt.Fprint(&b, "\n", s.Addr, s.Group, s.Port, s.SyncID)
	}
	for _, o := range f.Overrides {
		fmt.Fprint(&b, "\n", o.Key, o.Weight)
	}
	for _, d := range f.Drains {
		fmt.Fprint(&b, "\n", d.Key, d.Ended)
	}
	return b.String()
}

func writeCoverage(b *strings.Builder, v spec.View, name string, c spec.Coverage, receiver string) {
	fmt.Fprint(b, c.Warm(receiver))
	for i := range v.Clusters {
		if s := v.Clusters[i].Sync; s != nil && v.Clusters[i].Has(name) {
			b.WriteString(short(s, c))
		}
	}
}

// Known says whether every other director has reported: before, one of them may be taken for a stranger.
func Known(peers map[string]spec.PeerFact) bool {
	for _, p := range peers {
		if p.Report == nil {
			return false
		}
	}
	return len(peers) > 0
}

func writeSorted[V any](b *strings.Builder, m map[string]V) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprint(b, " ", k, "=", m[k])
	}
}

// Strangers are the sync masters that are heard and belong to none of the directors: neither to this one nor to those that reported
// their addresses.
func Strangers(heard []spec.SyncSpeaker, own []spec.PeerReport) []spec.SyncSpeaker {
	var out []spec.SyncSpeaker
	for _, s := range heard {
		if !slices.ContainsFunc(own, func(r spec.PeerReport) bool { return slices.Contains(r.Sources, s.Addr) }) {
			out = append(out, s)
		}
	}
	return out
}
