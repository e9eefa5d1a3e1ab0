package vrrp

import (
	"context"
	"errors"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/pair"
	"github.com/lbsync/lbsync/spec"
)

// Steady is how often a role moved while it should not.
type Steady struct {
	System      system        `json:"system"`
	Load        string        `json:"load"`
	Interval    time.Duration `json:"interval_ns"`
	Instances   int           `json:"instances"`
	Lasted      time.Duration `json:"lasted_ns"`
	Transitions int           `json:"transitions"` // backups that advertised
	Longest     time.Duration `json:"longest_ns"`  // time between two advertisements of an instance
	Stalls      int           `json:"stalls"`      // of the machine, longer than the interval
}

// calm are the instances that should keep their owner.
var calm = pair.Setup{Name: "calm", RouterID: 1, Version: 3, Family: spec.IPv4, Interval: 100 * time.Millisecond, Priorities: []uint8{200, 100},
	Instances: 10, Addresses: 1, Preempt: true}

// steady has both systems hold roles beside each other under the worst load.
func (p Programs) steady(ctx context.Context, self, fleet string, lasting time.Duration) (out []Steady, err error) {
	duos := map[system]*duo{}
	defer func() {
		for _, d := range duos {
			err = errors.Join(err, d.close())
		}
	}()
	for _, of := range []system{lbsync, keepalived} {
		if duos[of], err = p.newDuo(of, calm, 1, calm.Part(0), calm.Part(1)); err != nil {
			return nil, err
		}
		if err := duos[of].calmDown(ctx); err != nil {
			return nil, err
		}
	}
	load := worst(p.Lbsync, fleet)
	from, to, stalls, err := watched(ctx, self, load, lasting)
	if err != nil {
		return nil, err
	}
	for _, of := range []system{lbsync, keepalived} {
		s := count(duos[of].wire.Frames(), from, to)
		s.System, s.Load, s.Stalls = of, load.name, longer(stalls, calm.Interval)
		out = append(out, s)
	}
	return out, nil
}

func (d *duo) calmDown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := d.begin(ctx); err != nil {
		return err
	}
	return d.wire.Until(ctx, func(frames []pair.Frame) bool {
		for n := range calm.Instances {
			if pair.Owner(frames, calm.RouterID+uint8(n)) != 0 {
				return false
			}
		}
		return true
	})
}

func longer(stalls []Stall, than time.Duration) int {
	n := 0
	for _, s := range stalls {
		if s.To.Sub(s.From) > than {
			n++
		}
	}
	return n
}

// count counts how often somebody began to advertise after somebody else.
func count(frames []pair.Frame, from, to time.Time) Steady {
	s := Steady{Interval: calm.Interval, Instances: calm.Instances, Lasted: to.Sub(from).Round(time.Second)}
	place, last := map[uint8]int{}, map[uint8]time.Time{}
	for _, f := range frames {
		if f.Kind != pair.Advert {
			continue
		}
		if f.At.After(from) && f.At.Before(to) {
			if place[f.RouterID] != f.Place {
				s.Transitions++
			}
			if before, ok := last[f.RouterID]; ok {
				s.Longest = max(s.Longest, f.At.Sub(before))
			}
		}
		place[f.RouterID], last[f.RouterID] = f.Place, f.At
	}
	return s
}
