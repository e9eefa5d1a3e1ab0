package probe

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// patient makes a call that the kernel may not let go of, whatever becomes of the probe, such as to read a network file system whose
// server is away. While it hangs, no other begins.
type patient[T any] struct {
	call func() (T, error)

	mu   sync.Mutex
	last *calling[T]
}

// calling is one such call.
type calling[T any] struct {
	began time.Time
	done  chan struct{} // closed once out and err are there
	out   T
	err   error
}

// hangs is the error of a call that did not come back in time.
type hangs struct{ since time.Time }

func (h hangs) Error() string {
	return fmt.Sprintf("hangs since %s; does a network file system not answer?", h.since.UTC().Format(time.DateTime+"Z"))
}

// leastWait is how long a call may take in any case: where a slow server left it no time, it does not hang.
const leastWait = 100 * time.Millisecond

// get is what a call says that began with it, or the error hangs.
func (p *patient[T]) get(ctx context.Context) (T, error) {
	c := p.begin()
	select {
	case <-c.done:
		return c.out, c.err
	case <-ctx.Done():
	}
	select {
	case <-c.done:
		return c.out, c.err
	case <-time.After(time.Until(c.began.Add(leastWait))):
		var none T
		return none, hangs{c.began}
	}
}

// begin is the call that hangs still, or a new one. What a call said that came to an end between two probes is old, and of no account.
func (p *patient[T]) begin() *calling[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last != nil {
		select {
		case <-p.last.done:
		default:
			return p.last
		}
	}
	c := &calling[T]{began: time.Now(), done: make(chan struct{})}
	p.last = c
	go func() {
		c.out, c.err = p.call()
		close(c.done)
	}()
	return c
}
