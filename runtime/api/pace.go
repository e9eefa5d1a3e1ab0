package api

import (
	"context"
	"errors"
	"time"
)

// pace lets one after the other work, with a pause between two.
type pace struct {
	every time.Duration
	free  chan time.Time // when the next may begin; empty while one works
}

func newPace(every time.Duration) *pace {
	p := &pace{every: every, free: make(chan time.Time, 1)}
	p.free <- time.Time{}
	return p
}

var errBusy = errors.New("others read the journal: try again later")

// turn waits until the caller may begin; done ends that.
func (p *pace) turn(ctx context.Context) (done func(), err error) {
	var at time.Time
	select {
	case at = <-p.free:
	case <-ctx.Done():
		return nil, errBusy
	}
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-t.C:
		return func() { p.free <- time.Now().Add(p.every) }, nil
	case <-ctx.Done():
		p.free <- at
		return nil, errBusy
	}
}
