package syncing

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/lbsync/lbsync/runtime/connsync"
	"github.com/lbsync/lbsync/spec"
)

// Socket hears the messages of one group on one interface; runtime/kernel has it.
type Socket interface {
	// Receive waits for the next message, at most so long (os.ErrDeadlineExceeded), and until Close.
	Receive(wait time.Duration) (connsync.Header, netip.Addr, error)
	// Attached says whether the interface is still the one that the socket was opened on.
	Attached() bool
	Close() error
}

// retry is after how long a group is tried again that could not be joined, and how often the interface of a silent one is looked at.
const retry = 5 * time.Second

// place is where messages are sent to.
type place struct {
	iface string
	group netip.Addr
	port  uint16
}

// ear is the goroutine that listens at a place.
type ear struct {
	stop context.CancelFunc
	done chan struct{}
}

// Listener keeps hearing who sends on the groups of a director's sync daemons. This host's own messages are not among them.
type Listener struct {
	open    func(spec.Daemon) (Socket, error)
	now     func() time.Time
	changed chan struct{}

	mu   sync.Mutex
	ears map[place]*ear
	who  speakers
}

// NewListener listens nowhere until Watch is called.
func NewListener(open func(spec.Daemon) (Socket, error), now func() time.Time) *Listener {
	return &Listener{open: open, now: now, changed: make(chan struct{}, 1), ears: map[place]*ear{}}
}

// Watch listens on the interfaces, groups and ports of these daemons and on no others; where an interface is missing, as soon as it is
// there. Speakers of other places are forgotten.
func (l *Listener) Watch(daemons ...spec.Daemon) {
	wanted := map[place]spec.Daemon{}
	for _, d := range daemons {
		wanted[place{d.Interface, d.Group, d.Port}] = d
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for at, e := range l.ears {
		if _, ok := wanted[at]; !ok {
			e.stop()
			delete(l.ears, at)
		}
	}
	l.who.only(l.ears)
	for at, d := range wanted {
		if l.ears[at] == nil {
			ctx, stop := context.WithCancel(context.Background())
			e := &ear{stop, make(chan struct{})}
			l.ears[at] = e
			go func() {
				defer close(e.done)
				l.listen(ctx, at, d)
			}()
		}
	}
}

// Speakers are those who were heard in the last two minutes, in no order. There are at most 64: who was silent longest is dropped.
func (l *Listener) Speakers() []spec.SyncSpeaker {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.who.forget(l.now())
	return slices.Clone(l.who)
}

// Changed gets a value when somebody speaks who was not heard in the last two minutes; it is never closed.
func (l *Listener) Changed() <-chan struct{} { return l.changed }

// Close stops listening, and waits until all sockets are closed.
func (l *Listener) Close() error {
	l.mu.Lock()
	ears := l.ears
	l.ears = map[place]*ear{}
	l.mu.Unlock()
	for _, e := range ears {
		e.stop()
		<-e.done
	}
	return nil
}

// listen opens a socket, again and again, until the context ends.
func (l *Listener) listen(ctx context.Context, at place, d spec.Daemon) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		// That it cannot be opened is said elsewhere: the daemon on the same interface cannot be started either.
		if s, err := l.open(d); err == nil {
			l.hear(ctx, at, s)
		}
		timer.Reset(retry)
	}
}

// hear takes messages until the context ends, the interface is gone or the socket fails.
func (l *Listener) hear(ctx context.Context, at place, s Socket) {
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = s.Close() // nothing was written to it
		close(closed)
	})
	for {
		h, from, err := s.Receive(retry)
		if err == nil {
			l.heard(ctx, spec.SyncSpeaker{Addr: from, Interface: at.iface, Group: at.group, Port: at.port, SyncID: h.SyncID})
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || !s.Attached() {
			break
		}
	}
	if stop() {
		_ = s.Close()
		return
	}
	<-closed
}

func (l *Listener) heard(ctx context.Context, who spec.SyncSpeaker) {
	l.mu.Lock()
	// Under the lock that Watch holds when it stops an ear: nobody is remembered whom Watch has just forgotten.
	isNew := ctx.Err() == nil && l.who.hear(who, l.now())
	l.mu.Unlock()
	if isNew {
		select {
		case l.changed <- struct{}{}:
		default:
		}
	}
}
