package syncing

import (
	"context"
	"time"
)

// What a resync sends: 1,000 messages a second, that is some 40,000 connections of IPv4, in batches that a backup's socket buffer holds
// several times over. A message of 1,472 bytes takes about 2.3 KB of the buffer, whose default (net.core.rmem_default) is 208 KB.
const (
	batch    = 10
	interval = 10 * time.Millisecond
)

// pacer lets a batch pass at each tick. Ticks that nobody waited for do not add up.
type pacer struct {
	ticks  *time.Ticker
	passed int
	waited time.Duration
	now    func() time.Time
}

func newPacer(now func() time.Time) *pacer { return &pacer{ticks: time.NewTicker(interval), now: now} }

func (p *pacer) pass(ctx context.Context) error {
	if p.passed++; p.passed <= batch {
		return nil
	}
	p.passed = 1
	from := p.now()
	select {
	case <-p.ticks.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	p.waited += p.now().Sub(from)
	return nil
}
