package traffic

import (
	"context"
	"sync"
	"time"
)

// Laps tell the longest time that a long-lived connection waited for an answer, from one lap to the next. The zero value is ready.
type Laps struct {
	mu      sync.Mutex
	longest time.Duration
	lap     *lap // that is waited for
}

// lap ends when enough connections had an answer to what they sent after it began: until then somebody may still be waiting.
type lap struct {
	began  time.Time
	fresh  map[int]bool
	enough int
	done   chan struct{}
}

// answered notes that a connection got an answer to what it sent at a time. A nil *Laps notes nothing.
func (l *Laps) answered(id int, sent time.Time) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.longest = max(l.longest, time.Since(sent))
	if l.lap == nil || sent.Before(l.lap.began) || l.lap.fresh[id] {
		return
	}
	l.lap.fresh[id] = true
	if len(l.lap.fresh) == l.lap.enough {
		close(l.lap.done)
		l.lap = nil
	}
}

// Longest ends a lap: it waits until so many connections have been answered once more.
func (l *Laps) Longest(ctx context.Context, connections int) (time.Duration, error) {
	this := &lap{began: time.Now(), fresh: map[int]bool{}, enough: connections, done: make(chan struct{})}
	l.mu.Lock()
	l.lap = this
	l.mu.Unlock()
	select {
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-this.done:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	longest := l.longest
	l.longest = 0
	return longest, nil
}
