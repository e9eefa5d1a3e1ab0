package engine

import "sync"

// order is what the loop wants of the holder for one instance. A newer order takes the place of one that was not begun: only the last
// role counts.
type order struct {
	role     duty
	announce uint32 // times
	queued   bool
}

// duty is what to do with all that goes with the role of master.
type duty uint8

const (
	asIs duty = iota
	acquire
	release
)

// orders is the queue from loop to holder. It has a place for each instance, so that it never is full.
type orders struct {
	mu    sync.Mutex // held for a few instructions by either side
	queue []*holding
	wake  chan struct{} // of capacity 1
}

func newOrders() *orders { return &orders{wake: make(chan struct{}, 1)} }

// reserve makes room for the orders of n instances, so that give allocates nothing.
func (o *orders) reserve(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if cap(o.queue) < n {
		o.queue = append(make([]*holding, 0, n), o.queue...)
	}
}

func (o *orders) give(h *holding, role duty, announce uint32) {
	o.mu.Lock()
	if role != asIs {
		h.order.role, h.order.announce = role, 0
	}
	h.order.announce = max(h.order.announce, announce)
	if !h.order.queued {
		h.order.queued = true
		o.queue = append(o.queue, h)
	}
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take is the oldest order; nil: there is none.
func (o *orders) take() (*holding, order) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		return nil, order{}
	}
	h := o.queue[0]
	o.queue = o.queue[:copy(o.queue, o.queue[1:])]
	taken := h.order
	h.order = order{}
	return h, taken
}

// revoked says whether a newer order is about to undo what is being done for the instance.
func (o *orders) revoked(h *holding, doing duty) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return h.order.role != asIs && h.order.role != doing
}
