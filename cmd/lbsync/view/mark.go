package view

import (
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// Mark says how a live object stands to what git wants.
type Mark string

// The marks. An object that is as git wants it has none.
const (
	AsWanted  Mark = ""
	IsDrifted Mark = "drift"   // its settings were changed outside git
	IsMissing Mark = "missing" // git wants it and it is not there
	IsForeign Mark = "foreign" // git does not know it
)

// placed is a live row with its mark and where git declares it.
type placed[K spec.RowKey[K], V spec.RowValue] struct {
	spec.Row[K, V]
	mark   Mark
	source *Source
}

// place marks live rows by the wanted ones, and adds what is missing, in the order of keys.
func place[K spec.RowKey[K], V spec.RowValue](live, wanted spec.Rows[K, V]) []placed[K, V] {
	out := make([]placed[K, V], 0, len(live))
	for _, r := range live {
		w, ok := wanted.Find(r.Key)
		switch {
		case !ok:
			out = append(out, placed[K, V]{r, IsForeign, nil})
		case w.Value != r.Value:
			out = append(out, placed[K, V]{r, IsDrifted, sourceOf(w.Pos)})
		default:
			out = append(out, placed[K, V]{r, AsWanted, sourceOf(w.Pos)})
		}
	}
	for _, w := range wanted {
		if _, ok := live.Find(w.Key); !ok {
			out = append(out, placed[K, V]{w, IsMissing, sourceOf(w.Pos)})
		}
	}
	slices.SortFunc(out, func(a, b placed[K, V]) int { return a.Key.Compare(b.Key) })
	return out
}

// held leaves out live rows that git says nothing about, where only what is declared is managed: timeouts and sysctls.
func held[K spec.RowKey[K], V spec.RowValue](rows []placed[K, V]) []placed[K, V] {
	return slices.DeleteFunc(rows, func(r placed[K, V]) bool { return r.mark == IsForeign })
}

func (m Mark) cell() Cell {
	style := map[Mark]Style{IsDrifted: Magenta, IsMissing: Red, IsForeign: Dim}[m]
	return style.In(string(m))
}

// wanted is what the commit applied last asks for; nothing before any was.
func wanted(s spec.Snapshot) spec.State {
	if s.Prior == nil {
		return spec.State{}
	}
	return *s.Prior
}
