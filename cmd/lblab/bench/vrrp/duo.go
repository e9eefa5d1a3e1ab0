package vrrp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/pair"
	"github.com/lbsync/lbsync/spec"
)

// speaker is a VRRP program on a node.
type speaker interface {
	Start(context.Context) error
	Stop() error
	Kill() (time.Time, error)
	PIDs() ([]int, error)
	Said() string
}

// Programs are what is measured.
type Programs struct{ Lbsync, Keepalived string }

// system is whose program speaks.
type system string

const (
	lbsync     system = "lbsync"
	keepalived system = "keepalived"
)

// duo is nodes with a speaker each of one system, the same wanted state by place, and what they send into the first switch.
type duo struct {
	setup    pair.Setup
	segment  *pair.Segment
	wire     *pair.Wire
	speakers []speaker
	dir      string
}

// patience is far beyond what any wait takes.
const patience = 2 * time.Minute

// newDuo builds the nodes; parts are by place. Nothing runs yet.
func (p Programs) newDuo(of system, setup pair.Setup, switches int, parts ...spec.VRRP) (d *duo, err error) {
	d = &duo{setup: setup}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.dir, err = os.MkdirTemp(pair.Memory, "lblab-vrrp-"); err != nil {
		return d, fmt.Errorf("make a folder for two speakers: %w", err)
	}
	if d.segment, err = pair.NewSegment(switches, []string{"a", "b"}[:len(parts)]...); err != nil {
		return d, err
	}
	if d.wire, err = d.segment.Watch(0); err != nil {
		return d, err
	}
	for place, node := range d.segment.Nodes {
		var s speaker = node.NewLbsync(p.Lbsync, d.dir, parts[place], nil)
		if of == keepalived {
			if s, err = node.NewKeepalived(p.Keepalived, d.dir, parts[place], nil); err != nil {
				return d, err
			}
		}
		d.speakers = append(d.speakers, s)
	}
	return d, nil
}

func (d *duo) close() error {
	var err error
	for _, s := range d.speakers {
		_, killed := s.Kill()
		err = errors.Join(err, killed)
	}
	if d.wire != nil {
		err = errors.Join(err, d.wire.Close())
	}
	if d.segment != nil {
		err = errors.Join(err, d.segment.Close())
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}

// start starts the speaker at a place and waits until it hears, and has taken away what a killed one left.
func (d *duo) start(ctx context.Context, place int) error {
	node := d.segment.Nodes[place]
	if err := d.speakers[place].Start(ctx); err != nil {
		return err
	}
	err := pair.Poll(ctx, func() (bool, error) {
		listens, err := node.Listens(d.setup.Family)
		if err != nil || !listens {
			return false, err
		}
		left, err := node.Holds(d.setup.Virtual(d.setup.Addresses + d.setup.Excluded - 1).Addr())
		return !left, err
	})
	if err != nil {
		return fmt.Errorf("start %s: %w: %s", node.Name, err, d.speakers[place].Said())
	}
	return nil
}

// begin starts the first speaker, waits until it owns, and then the second.
func (d *duo) begin(ctx context.Context) error {
	if err := d.start(ctx, 0); err != nil {
		return err
	}
	if err := d.owned(ctx, 0); err != nil {
		return err
	}
	return d.start(ctx, 1)
}

func (d *duo) owned(ctx context.Context, place int) error {
	err := d.wire.Until(ctx, func(frames []pair.Frame) bool { return pair.Owner(frames, d.setup.RouterID) == place })
	if err != nil {
		return fmt.Errorf("%s becomes owner: %w: %s", d.segment.Nodes[place].Name, err, d.speakers[place].Said())
	}
	return nil
}
