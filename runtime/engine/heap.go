package engine

import "time"

// heap orders deadlines, at most one for each id from 0 to n-1. A change costs O(log n) and no memory.
type heap struct {
	at    []time.Duration // by id
	order []int32         // ids, the earliest first
	place []int32         // of an id in order; -1: it has no deadline
}

func newHeap(n int) *heap {
	h := &heap{at: make([]time.Duration, n), order: make([]int32, 0, n), place: make([]int32, n)}
	for i := range h.place {
		h.place[i] = -1
	}
	return h
}

// set gives an id its deadline, or none.
func (h *heap) set(id int, at time.Duration, is bool) {
	p := h.place[id]
	switch {
	case !is && p < 0:
	case !is:
		h.remove(p)
	case p < 0:
		h.at[id], h.place[id] = at, int32(len(h.order))
		h.order = append(h.order, int32(id))
		h.up(h.place[id])
	case h.at[id] != at:
		h.at[id] = at
		h.down(h.up(p))
	}
}

// first is the id with the earliest deadline.
func (h *heap) first() (id int, at time.Duration, ok bool) {
	if len(h.order) == 0 {
		return 0, 0, false
	}
	id = int(h.order[0])
	return id, h.at[id], true
}

func (h *heap) remove(p int32) {
	last := int32(len(h.order) - 1)
	h.place[h.order[p]] = -1
	moved := h.order[last]
	h.order = h.order[:last]
	if p == last {
		return
	}
	h.order[p], h.place[moved] = moved, p
	h.down(h.up(p))
}

func (h *heap) less(a, b int32) bool { return h.at[h.order[a]] < h.at[h.order[b]] }

func (h *heap) swap(a, b int32) {
	h.order[a], h.order[b] = h.order[b], h.order[a]
	h.place[h.order[a]], h.place[h.order[b]] = a, b
}

func (h *heap) up(p int32) int32 {
	for p > 0 && h.less(p, (p-1)/2) {
		h.swap(p, (p-1)/2)
		p = (p - 1) / 2
	}
	return p
}

func (h *heap) down(p int32) {
	n := int32(len(h.order))
	for {
		least := p
		for child := 2*p + 1; child <= 2*p+2 && child < n; child++ {
			if h.less(child, least) {
				least = child
			}
		}
		if least == p {
			return
		}
		h.swap(p, least)
		p = least
	}
}
