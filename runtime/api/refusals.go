package api

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// The table of who was refused is bounded, also for one address: somebody with a thousand keys must not hide the others.
const (
	maxRefusals        = 256
	maxRefusalsAddress = 8
)

// refusals count who was not let in.
type refusals struct {
	mu   sync.Mutex
	rows []spec.PeerRefusal
}

func (r *refusals) add(from netip.Addr, key, why string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	same := func(o spec.PeerRefusal) bool { return o.Address == from && o.Key == key && o.Why == why }
	if at := slices.IndexFunc(r.rows, same); at >= 0 {
		r.rows[at].Last = now
		r.rows[at].Count++
		return
	}
	of := 0
	for _, o := range r.rows {
		if o.Address == from {
			of++
		}
	}
	switch {
	case of >= maxRefusalsAddress:
		r.drop(func(o spec.PeerRefusal) bool { return o.Address == from })
	case len(r.rows) >= maxRefusals:
		r.drop(func(spec.PeerRefusal) bool { return true })
	}
	r.rows = append(r.rows, spec.PeerRefusal{Address: from, Key: key, Why: why, First: now, Last: now, Count: 1})
}

// drop forgets the row that was not heard of for the longest time.
func (r *refusals) drop(may func(spec.PeerRefusal) bool) {
	oldest := -1
	for i, o := range r.rows {
		if may(o) && (oldest < 0 || o.Last.Before(r.rows[oldest].Last)) {
			oldest = i
		}
	}
	r.rows = slices.Delete(r.rows, oldest, oldest+1)
}

// list is the newest first.
func (r *refusals) list() []spec.PeerRefusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := slices.Clone(r.rows)
	slices.SortStableFunc(out, func(a, b spec.PeerRefusal) int { return cmp.Or(b.Last.Compare(a.Last), a.Address.Compare(b.Address)) })
	return out
}
