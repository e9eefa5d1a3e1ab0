package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
	"github.com/lbsync/lbsync/spec"
)

// record is an event in the page.
type record struct {
	serial          uint64 // stored last
	time            int64  // wall clock in ns
	instance, group text
	from, to        uint8 // of vrrp.State
	priority        uint8
	why             text
}

// stateWords are the operators' words for the states of RFC 9568.
var stateWords = [...]spec.VRRPState{vrrp.Initialize: spec.VRRPInitialize, vrrp.Backup: spec.VRRPBackup, vrrp.Active: spec.VRRPMaster, vrrp.Fault: spec.VRRPFault}

// word is that of a state in the page, which a damaged file may hold anything for.
func word(state uint8) spec.VRRPState {
	if int(state) >= len(stateWords) {
		return spec.VRRPInitialize
	}
	return stateWords[state]
}

// push is the place of the next event, whose serial publish stores once it is filled. The oldest gives way.
func (p *page) push() *record {
	r := &p.ring[(p.serial+1)%ringSize]
	atomic.StoreUint64(&r.serial, 0)
	return r
}

func (p *page) publish(r *record) {
	next := p.serial + 1
	atomic.StoreUint64(&r.serial, next)
	atomic.StoreUint64(&p.serial, next)
}

// newest is the serial of the newest event; 0 is none.
func (p *page) newest() uint64 { return atomic.LoadUint64(&p.serial) }

// since are the events above after that are still there, and how many are not. It may run beside the loop.
func (p *page) since(after uint64) spec.VRRPEvents {
	var out spec.VRRPEvents
	newest := p.newest()
	if after > newest {
		after = 0 // of another boot: this engine has counted from 1 again
	}
	if newest-after > ringSize { // also where a damaged file has a serial that nobody can count to
		out.Lost = newest - after - ringSize
		after = newest - ringSize
	}
	for serial := after + 1; serial <= newest; serial++ {
		r := &p.ring[serial%ringSize]
		before := atomic.LoadUint64(&r.serial)
		e := spec.VRRPEvent{
			Serial: serial, Time: time.Unix(0, r.time).UTC(), Instance: spec.InstanceKey(r.instance.String()), SyncGroup: r.group.String(),
			From: word(r.from), To: word(r.to), Priority: r.priority, Why: r.why.String(),
		}
		if before != serial || atomic.LoadUint64(&r.serial) != serial {
			out.Lost++ // overwritten, before or while it was read
			continue
		}
		out.Events = append(out.Events, e)
	}
	return out
}

// bell wakes whoever waits for events. The loop rings without waiting.
type bell struct {
	rung chan struct{} // of capacity 1

	mu   sync.Mutex
	next chan struct{} // closed by the next ring
}

func newBell() *bell {
	return &bell{rung: make(chan struct{}, 1), next: make(chan struct{})}
}

func (b *bell) ring() {
	select {
	case b.rung <- struct{}{}:
	default: // it rings already
	}
}

// spread passes each ring on to all who wait, until ctx ends.
func (b *bell) spread(ctx context.Context) {
	for {
		select {
		case <-b.rung:
			b.mu.Lock()
			close(b.next)
			b.next = make(chan struct{})
			b.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// wait is closed by the next ring.
func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next
}
