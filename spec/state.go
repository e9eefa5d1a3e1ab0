package spec

import (
	"cmp"
	"slices"
)

// RowKey is what identifies a row: a comparable key with an order.
type RowKey[K any] interface {
	comparable
	Key
	Compare(K) int
}

// RowValue is what a row holds.
type RowValue interface {
	comparable
	Value
}

// Row is one object: its key, its settings, and where they were declared (the zero Pos for a live object).
type Row[K RowKey[K], V RowValue] struct {
	Key   K   `json:"key"`
	Value V   `json:"value"`
	Pos   Pos `json:"pos,omitzero"`
}

// Rows are objects of one kind, sorted by key, each key once: a diff is one merge pass.
type Rows[K RowKey[K], V RowValue] []Row[K, V]

// Sort puts rows in order; rows that are in order already cost one pass.
func (r Rows[K, V]) Sort() {
	slices.SortFunc(r, func(a, b Row[K, V]) int { return a.Key.Compare(b.Key) })
}

// Find is the row of a key.
func (r Rows[K, V]) Find(k K) (Row[K, V], bool) {
	i, ok := slices.BinarySearchFunc(r, k, func(row Row[K, V], k K) int { return row.Key.Compare(k) })
	if !ok {
		return Row[K, V]{}, false
	}
	return r[i], true
}

// State is what one director's kernel and engine should hold, or hold.
type State struct {
	Services Rows[ServiceKey, Service] `json:"services"`
	Dests    Rows[DestKey, Dest]       `json:"real_servers"`
	Daemons  Rows[Role, Daemon]        `json:"sync_daemons"`
	Timeouts Rows[TimeoutKey, Seconds] `json:"timeouts"`
	Sysctls  Rows[SysctlKey, Setting]  `json:"sysctls"`
	VRRP     VRRP                      `json:"vrrp,omitzero"`
	// Overrides are those that a wanted state was made with, one for a real server, by key; also those that match none.
	Overrides []Override `json:"overrides,omitempty"`
	// Effects are where a wanted state is not as git has it, by key; Declared are then the real servers as git has them, else nil.
	Effects  []Effect            `json:"effects,omitempty"`
	Declared Rows[DestKey, Dest] `json:"-"`
}

// AsDeclared are the real servers as git has them.
func (s *State) AsDeclared() Rows[DestKey, Dest] {
	if s.Declared != nil {
		return s.Declared
	}
	return s.Dests
}

// Affected are the real servers that git declares and that are not wanted as it has them, as it has them.
func (s *State) Affected() Rows[DestKey, Dest] {
	var out Rows[DestKey, Dest]
	for _, e := range s.Effects {
		if r, ok := s.AsDeclared().Find(e.Key); ok && !e.Extra {
			out = append(out, r)
		}
	}
	return out
}

// DestsOf are the rows of one service's real servers.
func (s State) DestsOf(k ServiceKey) Rows[DestKey, Dest] {
	from, to := s.DestRange(k)
	return s.Dests[from:to]
}

// DestRange is where they stand in Dests; empty, and where they would stand, when there is none.
func (s State) DestRange(k ServiceKey) (from, to int) { return DestRange(s.Dests, k) }

// DestRange is where the real servers of a service stand in rows; empty, and where they would stand, when there is none.
func DestRange(rows Rows[DestKey, Dest], k ServiceKey) (from, to int) {
	// Equal services compare as "after", so that the search lands on the first of them.
	from, _ = slices.BinarySearchFunc(rows, k, func(r Row[DestKey, Dest], k ServiceKey) int { return cmp.Or(r.Key.Service.Compare(k), 1) })
	to = from
	for to < len(rows) && rows[to].Key.Service == k {
		to++
	}
	return from, to
}
