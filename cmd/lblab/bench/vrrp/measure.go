package vrrp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Job says how long is measured.
type Job struct {
	Programs
	Self      string // lblab itself, which is the ticker too
	Rounds    int
	Intervals []time.Duration
	Addresses int           // of the cases with many
	Jitter    time.Duration // of each load
	Instances int
	Cost      time.Duration
	Steady    time.Duration
	Progress  func(string)
}

// Check refuses a job that would measure nothing.
func (j Job) Check() error {
	if os.Getuid() != 0 {
		return errors.New("measure VRRP: needs root, for network namespaces and real-time priority")
	}
	if j.Rounds < 1 || len(j.Intervals) == 0 || j.Addresses < 2 || j.Instances < 1 || j.Jitter <= 0 || j.Cost <= 0 || j.Steady <= 0 {
		return errors.New("measure VRRP: rounds, intervals, addresses, instances and times are positive, and addresses are at least 2")
	}
	return nil
}

// Measure does the whole job. Each part begins with nothing running.
func (j Job) Measure(ctx context.Context) (r Results, err error) {
	fleet, err := os.MkdirTemp("", "lblab-fleet-")
	if err != nil {
		return r, fmt.Errorf("make a folder for a fleet: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(fleet)) }()
	const services = 10_000
	if err := writeFleet(fleet, services); err != nil {
		return r, err
	}
	for _, part := range []func(context.Context, *Results, string) error{j.allSwitches, j.allJitter, j.allCosts, j.allSteady} {
		if err := part(ctx, &r, fleet); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (j Job) allSwitches(ctx context.Context, r *Results, _ string) error {
	for _, interval := range j.Intervals {
		for _, addresses := range []int{1, j.Addresses} {
			for _, of := range []system{lbsync, keepalived} {
				c := Case{interval, addresses}
				j.Progress(fmt.Sprintf("switching: %s, adverts every %s", of, c))
				s, err := j.switches(ctx, of, c, j.Rounds)
				if err != nil {
					return fmt.Errorf("%s, adverts every %s: %w", of, c, err)
				}
				r.Switches = append(r.Switches, s)
			}
		}
	}
	return nil
}

func (j Job) allJitter(ctx context.Context, r *Results, fleet string) error {
	for _, load := range loads(j.Lbsync, fleet) {
		j.Progress("jitter: " + load.name)
		jitter, err := j.jitter(ctx, j.Self, load, j.Jitter)
		if err != nil {
			return fmt.Errorf("jitter under load %q: %w", load.name, err)
		}
		r.Jitter = append(r.Jitter, jitter...)
	}
	return nil
}

func (j Job) allCosts(ctx context.Context, r *Results, _ string) error {
	for _, of := range []system{lbsync, keepalived} {
		j.Progress(fmt.Sprintf("cost of %d instances: %s", j.Instances, of))
		c, err := j.cost(ctx, of, j.Instances, j.Cost)
		if err != nil {
			return fmt.Errorf("cost of %d instances of %s: %w", j.Instances, of, err)
		}
		r.Costs = append(r.Costs, c)
		single, err := j.single(ctx, of)
		if err != nil {
			return fmt.Errorf("memory of %s: %w", of, err)
		}
		r.Single = append(r.Single, single)
	}
	return nil
}

func (j Job) allSteady(ctx context.Context, r *Results, fleet string) error {
	j.Progress(fmt.Sprintf("all processors busy for %s", j.Steady))
	s, err := j.steady(ctx, j.Self, fleet, j.Steady)
	r.Steady = s
	return err
}

// single looks at the memory of an owner of one instance.
func (j Job) single(ctx context.Context, of system) (out Single, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	setup := Case{100 * time.Millisecond, 1}.setup()
	d, err := j.newDuo(of, setup, 1, setup.Part(0), setup.Part(1))
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.begin(ctx); err != nil {
		return out, err
	}
	n, err := resident(d.speakers[0])
	return Single{of, n}, err
}
