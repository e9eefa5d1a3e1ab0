package vrrp

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/pair"
	"github.com/lbsync/lbsync/spec"
)

// Jitter is how far the times between advertisements were from the interval.
type Jitter struct {
	System   system        `json:"system"`
	Load     string        `json:"load"`
	Interval time.Duration `json:"interval_ns"`
	Seen     int           `json:"intervals"`
	Stalled  int           `json:"stalled"` // left out: a processor was away meanwhile
	Skipped  int           `json:"skipped"` // longer than one and a half intervals, and no stall
	P50      time.Duration `json:"p50_ns"`
	P99      time.Duration `json:"p99_ns"`
	P999     time.Duration `json:"p999_ns"`
	Max      time.Duration `json:"max_ns"`
}

// regular are the virtual routers whose advertisements are timed: ten at 100 ms and two at 10 ms.
var regular = []pair.Setup{
	{Name: "slow", RouterID: 1, Version: 3, Family: spec.IPv4, Interval: 100 * time.Millisecond, Priorities: []uint8{200}, Instances: 10, Addresses: 1},
	{Name: "fast", RouterID: 101, Version: 3, Family: spec.IPv4, Interval: 10 * time.Millisecond, Priorities: []uint8{200}, Instances: 2, Addresses: 1},
}

// regularPart is both setups; their addresses are the same, which nothing here minds but the kernel: those of the second are behind.
func regularPart() spec.VRRP {
	out, fast := regular[0].Part(0), regular[1].Part(0)
	for i, row := range fast.Addresses {
		fast.Addresses[i].Key.Prefix = regular[0].Virtual(100 + int(row.Key.Prefix.Addr().As4()[3]))
	}
	out.Instances = append(out.Instances, fast.Instances...)
	out.Addresses = append(out.Addresses, fast.Addresses...)
	out.Instances.Sort()
	out.Addresses.Sort()
	return out
}

// jitter has both systems advertise beside each other for a while under a load, each on a segment of its own.
func (p Programs) jitter(ctx context.Context, self string, load load, lasting time.Duration) (out []Jitter, err error) {
	duos := map[system]*duo{}
	defer func() {
		for _, d := range duos {
			err = errors.Join(err, d.close())
		}
	}()
	for _, of := range []system{lbsync, keepalived} {
		d, err := p.newDuo(of, regular[0], 1, regularPart())
		if err != nil {
			return nil, err
		}
		duos[of] = d
		if err := d.allOwned(ctx); err != nil {
			return nil, err
		}
	}
	from, to, stalls, err := watched(ctx, self, load, lasting)
	if err != nil {
		return nil, err
	}
	for _, of := range []system{lbsync, keepalived} {
		for _, s := range regular {
			j := measureJitter(duos[of].wire.Frames(), s, from, to, stalls)
			j.System, j.Load = of, load.name
			out = append(out, j)
		}
	}
	return out, nil
}

// allOwned starts the only speaker and waits until it owns every virtual router.
func (d *duo) allOwned(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := d.speakers[0].Start(ctx); err != nil {
		return err
	}
	for _, s := range regular {
		for n := range s.Instances {
			if err := d.wire.Until(ctx, func(f []pair.Frame) bool { return pair.Owner(f, s.RouterID+uint8(n)) == 0 }); err != nil {
				return errors.Join(err, errors.New(d.speakers[0].Said()))
			}
		}
	}
	return nil
}

// watched lets a load run for a while, with the ticker beside it.
func watched(ctx context.Context, self string, load load, lasting time.Duration) (from, to time.Time, stalls []Stall, err error) {
	end, err := load.start()
	if err != nil {
		return from, to, nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	ticked, err := startTicker(self)
	if err != nil {
		return from, to, nil, err
	}
	from = time.Now()
	err = pass(ctx, lasting)
	to = time.Now()
	stalls, tickErr := ticked()
	return from, to, stalls, errors.Join(err, tickErr)
}

// pass lets time pass: what is measured happens meanwhile.
func pass(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

func measureJitter(frames []pair.Frame, s pair.Setup, from, to time.Time, stalls []Stall) Jitter {
	j := Jitter{Interval: s.Interval}
	last, stalled := map[uint8]time.Time{}, map[uint8]bool{}
	var off []time.Duration
	for _, f := range frames {
		if f.Kind != pair.Advert || f.RouterID < s.RouterID || int(f.RouterID) >= int(s.RouterID)+s.Instances {
			continue
		}
		before := last[f.RouterID]
		last[f.RouterID] = f.At
		if before.Before(from) || f.At.After(to) {
			continue
		}
		was := stalled[f.RouterID]
		stalled[f.RouterID] = during(stalls, before, f.At)
		// One that was late by a stall is followed by a short interval, when the sender keeps its pace.
		if was || stalled[f.RouterID] {
			j.Stalled++
			continue
		}
		took := f.At.Sub(before)
		if took > s.Interval*3/2 {
			j.Skipped++
		}
		off = append(off, (took - s.Interval).Abs())
	}
	j.quantiles(off)
	return j
}

func (j *Jitter) quantiles(off []time.Duration) {
	slices.Sort(off)
	j.Seen = len(off)
	j.P50, j.P99, j.P999, j.Max = quantile(off, 0.5), quantile(off, 0.99), quantile(off, 0.999), quantile(off, 1)
}

// quantile of sorted values; 0 without any.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// during tells whether one of the sorted stalls touches the time.
func during(stalls []Stall, from, to time.Time) bool {
	// A stall is at most as long as the search looks back: they are disjoint for each processor, so two of them can overlap.
	i, _ := slices.BinarySearchFunc(stalls, to, func(s Stall, t time.Time) int { return s.From.Compare(t) })
	for i--; i >= 0; i-- {
		if !stalls[i].To.Before(from) {
			return true
		}
		if from.Sub(stalls[i].From) > longestStall {
			return false
		}
	}
	return false
}

// longestStall bounds how far back a stall may have begun.
const longestStall = 10 * time.Second
