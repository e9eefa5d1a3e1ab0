package api

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// The table of who was refused is bounded, also for one network: somebody with a thousand keys or addresses must not hide the others.
const (
	maxRefusals        = 256
	maxRefusalsNetwork = 8
)

// refusal is why somebody is not let in, or not answered.
type refusal struct {
	kind spec.RefusedFor
	who  string // whose key it is, or was; "" is a stranger
	why  string // without what differs each time, such as ports: it is counted by
}

func (r refusal) Error() string { return r.why }

// refusals count who was refused.
type refusals struct {
	mu     sync.Mutex
	rows   []spec.PeerRefusal
	totals map[spec.RefusedFor]uint64
}

func (r *refusals) add(from netip.Addr, key string, why refusal, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.totals == nil {
		r.totals = map[spec.RefusedFor]uint64{}
	}
	r.totals[why.kind]++
	row := spec.PeerRefusal{For: why.kind, Who: why.who, Address: from, Key: key, Why: why.why, First: now, Last: now, Count: 1}
	same := func(o spec.PeerRefusal) bool {
		return o.Address == from && o.Key == key && o.Why == row.Why && o.For == row.For && o.Who == row.Who
	}
	if at := slices.IndexFunc(r.rows, same); at >= 0 {
		r.rows[at].Last = now
		r.rows[at].Count++
		return
	}
	r.room(network(from))
	r.rows = append(r.rows, row)
}

// room makes room for a row. Those of strangers go first: however many come, a director with a wrong key stays to be seen.
func (r *refusals) room(of string) {
	here := func(o spec.PeerRefusal) bool { return network(o.Address) == of }
	stranger := func(o spec.PeerRefusal) bool { return o.Who == "" }
	switch {
	case count(r.rows, here) >= maxRefusalsNetwork:
		_ = r.drop(func(o spec.PeerRefusal) bool { return here(o) && stranger(o) }) || r.drop(here)
	case len(r.rows) >= maxRefusals:
		_ = r.drop(stranger) || r.drop(func(spec.PeerRefusal) bool { return true })
	}
}

func count(rows []spec.PeerRefusal, which func(spec.PeerRefusal) bool) (n int) {
	for _, o := range rows {
		if which(o) {
			n++
		}
	}
	return n
}

// drop forgets the row that was not heard of for the longest time, of those that may go; false when there is none.
func (r *refusals) drop(may func(spec.PeerRefusal) bool) bool {
	oldest := -1
	for i, o := range r.rows {
		if may(o) && (oldest < 0 || o.Last.Before(r.rows[oldest].Last)) {
			oldest = i
		}
	}
	if oldest < 0 {
		return false
	}
	r.rows = slices.Delete(r.rows, oldest, oldest+1)
	return true
}

// list is the newest first, and how many there were of each kind.
func (r *refusals) list() ([]spec.PeerRefusal, map[spec.RefusedFor]uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := slices.Clone(r.rows)
	slices.SortStableFunc(out, func(a, b spec.PeerRefusal) int { return cmp.Or(b.Last.Compare(a.Last), a.Address.Compare(b.Address)) })
	return out, maps.Clone(r.totals)
}
