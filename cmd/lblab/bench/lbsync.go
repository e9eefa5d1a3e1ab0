package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// agentRun is what one round of lbsync took.
type agentRun struct {
	cold, lastGood       time.Duration
	change, afterRestart change
}

// change is the time from a merged commit to the kernel holding it.
type change struct {
	fetched time.Duration // from the commit being fetched, by the journal
	outside time.Duration // from the agent being asked to look at the repository
}

// runLbsync measures the agent: its first start with nothing on disk, one weight changed, its start from the last known good in an
// empty kernel, and once more one weight, which then is the first load of the fleet in that process.
func runLbsync(ctx context.Context, r Rules, program, fleet string) (run agentRun, err error) {
	d, err := newDirector(r, program, fleet)
	if err != nil {
		return agentRun{}, err
	}
	defer func() { err = errors.Join(err, d.remove()) }()
	if run.cold, run.change, err = d.startAndChange(ctx, 0); err != nil {
		return agentRun{}, fmt.Errorf("run lbsync with %s: %w", r, err)
	}
	if run.lastGood, run.afterRestart, err = d.startAndChange(ctx, 1); err != nil {
		return agentRun{}, fmt.Errorf("run lbsync with %s from its last known good: %w", r, err)
	}
	return run, nil
}

// startAndChange starts the agent in an empty kernel, where the branch is at a version, and then merges the next.
func (d director) startAndChange(ctx context.Context, version int) (start time.Duration, c change, err error) {
	err = emptyKernel(func() error {
		look, err := openProbe()
		if err != nil {
			return err
		}
		defer look.close()
		p, err := d.start()
		if err != nil {
			return err
		}
		at, err := look.filled(ctx, d.rules)
		if err != nil {
			return p.explain(err)
		}
		start = at.Sub(p.begin)
		if err := d.idle(ctx, version); err != nil {
			return p.explain(err)
		}
		pause(ctx)
		if c, err = d.change(ctx, look, version+1); err != nil {
			return p.explain(err)
		}
		return p.stop()
	})
	return start, c, err
}

// change merges a version and has the agent look.
func (d director) change(ctx context.Context, look probe, version int) (c change, err error) {
	if err := d.merge(version); err != nil {
		return change{}, err
	}
	asked := make(chan error, 1)
	begin := time.Now()
	go func() { asked <- d.refresh(ctx) }()
	at, err := look.reweighted(ctx, d.rules, version)
	if err = errors.Join(err, <-asked); err != nil {
		return change{}, err
	}
	c.outside = at.Sub(begin)
	if err := d.idle(ctx, version); err != nil {
		return change{}, err
	}
	c.fetched, err = d.applied(version)
	return c, err
}
