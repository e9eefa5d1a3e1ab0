// Package patient makes calls that the kernel may not let go of, whatever becomes of who wants their result, such as to read a network
// file system whose server is away.
package patient

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Call is such a call. While it hangs, no other begins, since each has a thread of the process.
type Call[T any] struct {
	Do func() (T, error)

	mu   sync.Mutex
	last *calling[T]
}

// calling is one that was begun.
type calling[T any] struct {
	began time.Time
	done  chan struct{} // closed once out and err are there
	out   T
	err   error
}

// Hangs is the error of a call that did not come back in time.
type Hangs struct{ since time.Time }

func (h Hangs) Error() string {
	return fmt.Sprintf("hangs since %s; does a network file system not answer?", h.since.UTC().Format(time.DateTime+"Z"))
}

// leastWait is how long a call may take in any case: where something else left it no time, it does not hang.
const leastWait = 100 * time.Millisecond

// Get is what a call says that began with it, or the error Hangs once ctx has ended.
func (p *Call[T]) Get(ctx context.Context) (T, error) {
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
		return none, Hangs{c.began}
	}
}

// begin is the call that hangs still, or a new one. What a call said that came to an end between two Gets is old, and of no account.
func (p *Call[T]) begin() *calling[T] {
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
		c.out, c.err = p.Do()
		close(c.done)
	}()
	return c
}
