package reconcile

import (
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// Diff is what turns live into want, by kind and then by key. Timeouts and sysctls always have some value, so only those that are
// wanted are compared. Reason and risk are left for NewPlan.
func Diff(want, live spec.State) []spec.Change {
	// Keys are unique, so there are at least as many changes as one side has rows more than the other: all of them, where a kernel is
	// filled. Growing to 40,000 changes costs more than finding them.
	d := differ{slices.Grow([]spec.Change(nil), apart(len(want.Services), len(live.Services))+apart(len(want.Dests), len(live.Dests)))}
	diffRows(&d, want.Services, live.Services, true)
	diffRows(&d, want.Dests, live.Dests, true)
	diffRows(&d, want.Daemons, live.Daemons, true)
	diffRows(&d, want.Timeouts, live.Timeouts, false)
	diffRows(&d, want.Sysctls, live.Sysctls, false)
	diffVRRP(&d, &want.VRRP, &live.VRRP)
	return d.changes
}

func diffVRRP(d *differ, want, live *spec.VRRP) {
	diffRows(d, want.Instances, live.Instances, true)
	diffRows(d, want.Peers, live.Peers, true)
	diffRows(d, want.Addresses, live.Addresses, true)
	diffRows(d, want.Routes, live.Routes, true)
	diffRows(d, want.Rules, live.Rules, true)
	diffRows(d, want.Trackers, live.Trackers, true)
	diffRows(d, want.Follow, live.Follow, true)
}

func apart(a, b int) int { return max(a-b, b-a) }

type differ struct{ changes []spec.Change }

// diffRows is one merge pass over two sorted lists. Equal keys are by far the most frequent pair, so == comes before the order; keys
// and values become interfaces, which allocates, for changes alone.
func diffRows[K spec.RowKey[K], V spec.RowValue](d *differ, want, live spec.Rows[K, V], removes bool) {
	for len(want) > 0 && len(live) > 0 {
		w, l := &want[0], &live[0]
		if w.Key == l.Key {
			if w.Value != l.Value {
				d.add(spec.Change{Key: w.Key, Action: spec.Edit, Before: l.Value, After: w.Value, Pos: w.Pos})
			}
			want, live = want[1:], live[1:]
			continue
		}
		if w.Key.Compare(l.Key) < 0 {
			d.add(addition(w))
			want = want[1:]
			continue
		}
		if removes {
			d.add(removal(l))
		}
		live = live[1:]
	}
	for i := range want {
		d.add(addition(&want[i]))
	}
	for i := 0; removes && i < len(live); i++ {
		d.add(removal(&live[i]))
	}
}

func (d *differ) add(c spec.Change) { d.changes = append(d.changes, c) }

func addition[K spec.RowKey[K], V spec.RowValue](w *spec.Row[K, V]) spec.Change {
	return spec.Change{Key: w.Key, Action: spec.Add, After: w.Value, Pos: w.Pos}
}

func removal[K spec.RowKey[K], V spec.RowValue](l *spec.Row[K, V]) spec.Change {
	return spec.Change{Key: l.Key, Action: spec.Remove, Before: l.Value, Pos: l.Pos}
}
