package vrrp

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/bench"
	"github.com/lbsync/lbsync/cmd/lblab/pair"
	"github.com/lbsync/lbsync/spec"
)

// Case is a way of switching: how often is advertised, and how many addresses move.
type Case struct {
	Interval  time.Duration `json:"interval_ns"`
	Addresses int           `json:"addresses"`
}

// Switches are what one system took in a Case.
type Switches struct {
	Case   Case   `json:"case"`
	System system `json:"system"`
	// Failover is from kill -9 of the owner, right after an advertisement, to the first announcement of an address.
	Failover bench.Sample `json:"failover_ns"`
	// Late is how much later than Active_Down_Interval after the last advertisement the backup sent its first.
	Late bench.Sample `json:"late_ns"`
	// All is from the new owner's first advertisement to the time at which every address had been announced once.
	All bench.Sample `json:"all_announced_ns"`
	// Handover is from priority 0, sent on request, to the first announcement, without Skew_Time.
	Handover bench.Sample `json:"handover_late_ns"`
}

func (c Case) setup() pair.Setup {
	return pair.Setup{Name: "bench", RouterID: 51, Version: 3, Family: spec.IPv4, Interval: c.Interval, Priorities: []uint8{200, 199},
		Instances: 1, Addresses: 1, Excluded: c.Addresses - 1}
}

// switches measures rounds failovers and as many handovers; the role goes to and fro.
func (p Programs) switches(ctx context.Context, of system, c Case, rounds int) (out Switches, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience+time.Duration(rounds)*20*c.Interval)
	defer cancel()
	setup := c.setup()
	d, err := p.newDuo(of, setup, 1, setup.Part(0), setup.Part(1))
	if err != nil {
		return out, err
	}
	defer func() { _ = d.close() }()
	out = Switches{Case: c, System: of}
	if err := d.begin(ctx); err != nil {
		return out, err
	}
	owner := 0
	for range rounds {
		if err := d.failover(ctx, owner, &out); err != nil {
			return out, fmt.Errorf("fail over: %w", err)
		}
		owner = 1 - owner
	}
	for range rounds {
		if err := d.handover(ctx, owner, &out); err != nil {
			return out, fmt.Errorf("hand over: %w", err)
		}
		owner = 1 - owner
	}
	return out, nil
}

// failover kills the owner, and brings it back as backup.
func (d *duo) failover(ctx context.Context, owner int, out *Switches) error {
	last, err := d.nextAdvert(ctx, owner)
	if err != nil {
		return err
	}
	killed, err := d.speakers[owner].Kill()
	if err != nil {
		return err
	}
	taken, err := d.taken(ctx, 1-owner, last)
	if err != nil {
		return err
	}
	out.Failover = append(out.Failover, taken.first.Sub(killed))
	out.Late = append(out.Late, taken.advert.Sub(taken.lastOfOld)-d.setup.DownInterval(1-owner))
	out.All = append(out.All, taken.all.Sub(taken.advert))
	if err := d.owned(ctx, 1-owner); err != nil {
		return err
	}
	return d.start(ctx, owner)
}

// handover asks the owner to give the role away: the engine by its command, keepalived by ending it.
func (d *duo) handover(ctx context.Context, owner int, out *Switches) error {
	last, err := d.nextAdvert(ctx, owner)
	if err != nil {
		return err
	}
	asked := make(chan error, 1)
	e, ours := d.speakers[owner].(*pair.Lbsync)
	go func() {
		if !ours {
			asked <- d.speakers[owner].Stop()
			return
		}
		client, err := e.Client(ctx)
		if err == nil {
			err = client.Handover(ctx, d.setup.Key(0))
		}
		asked <- err
	}()
	taken, err := d.taken(ctx, 1-owner, last)
	if err != nil {
		return err
	}
	if taken.resigned.IsZero() {
		return fmt.Errorf("%s gave no priority 0", d.segment.Nodes[owner].Name)
	}
	out.Handover = append(out.Handover, taken.first.Sub(taken.resigned)-d.setup.Skew(1-owner))
	if err := <-asked; err != nil {
		return err
	}
	if err := d.owned(ctx, 1-owner); err != nil || ours {
		return err
	}
	return d.start(ctx, owner)
}

// nextAdvert waits for an advertisement of a node and is the number of frames with it.
func (d *duo) nextAdvert(ctx context.Context, place int) (int, error) {
	n := len(d.wire.Frames())
	err := d.wire.Until(ctx, func(frames []pair.Frame) bool {
		for ; n < len(frames); n++ {
			if f := frames[n]; f.Kind == pair.Advert && f.Place == place {
				n++
				return true
			}
		}
		return false
	})
	return n, err
}

// takeover is when a role moved.
type takeover struct {
	lastOfOld, resigned time.Time // last advertisement of the old owner, and that with priority 0 if there was one
	advert, first, all  time.Time // the new owner's first advertisement, first announcement, and when all addresses were announced once
}

// taken waits until the node has announced all addresses; the first n frames are from before, the last of them the old owner's.
func (d *duo) taken(ctx context.Context, place, n int) (takeover, error) {
	t := takeover{lastOfOld: d.wire.Frames()[n-1].At}
	announced := map[netip.Addr]bool{}
	err := d.wire.Until(ctx, func(frames []pair.Frame) bool {
		for ; n < len(frames) && len(announced) < d.setup.Addresses+d.setup.Excluded; n++ {
			t.see(frames[n], place, announced)
		}
		return len(announced) == d.setup.Addresses+d.setup.Excluded
	})
	if err != nil {
		err = fmt.Errorf("%d addresses announced: %w: %s", len(announced), err, d.speakers[place].Said())
	}
	return t, err
}

func (t *takeover) see(f pair.Frame, place int, announced map[netip.Addr]bool) {
	switch {
	case f.Place != place && f.Kind == pair.Advert && f.Priority == 0:
		t.resigned = f.At
	case f.Place != place && f.Kind == pair.Advert && t.advert.IsZero():
		t.lastOfOld = f.At
	case f.Place == place && f.Kind == pair.Advert && t.advert.IsZero():
		t.advert = f.At
	case f.Place == place && f.Kind == pair.Announce:
		if len(announced) == 0 {
			t.first = f.At
		}
		announced[f.Addr] = true
		t.all = f.At
	}
}
