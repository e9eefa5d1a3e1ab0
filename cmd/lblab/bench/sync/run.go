package sync

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/traffic"
	"github.com/lbsync/lbsync/spec"
)

// How the client behaves. The kernel gathers what it sends for up to two seconds (IPVS_SYNC_FLUSH_TIME), so that nothing that was
// opened less than that before a failover could live: every failover waits for longer.
const (
	talkEvery   = 5 * time.Second
	openEvery   = 40 * time.Millisecond
	mostDuring  = 600
	beforeCrash = 3 * time.Second
)

// run is one case with one failover.
func (l *lab) run(ctx context.Context, c testCase, by Failover) (r Run, err error) {
	l.notes = nil
	if err := l.need(ctx, c); err != nil {
		return r, err
	}
	p := l.pool()
	defer func() { p.Close(); l.runs++ }()
	began := time.Now()
	p.OpenMany(ctx, l.job.before())
	r.Opening = time.Since(began)
	talking, hush := context.WithCancel(ctx)
	defer hush()
	var beside sync.WaitGroup
	beside.Go(func() { p.Talk(talking, talkEvery) })
	if err := pause(ctx, beforeCrash); err != nil { // what is to be passed on is
		return r, err
	}
	first, _, err := l.roles(ctx)
	if err != nil {
		return r, err
	}
	if r.Changing, err = l.during(ctx, p, c.act); err != nil {
		return r, err
	}
	if err := pause(ctx, beforeCrash); err != nil {
		return r, err
	}
	hush()
	beside.Wait()
	if r.Master, err = l.failover(ctx, by, p, &r); err != nil {
		return r, err
	}
	if r.Master != first.name {
		l.notes = append(l.notes, fmt.Sprintf("the role moved from %s to %s while it changed", first.name, r.Master))
	}
	r.Case, r.Failover, r.Notes = c.name, by, l.notes
	if c.after != nil {
		if err := c.after(ctx, l); err != nil {
			return r, err
		}
	}
	return r, l.settled(ctx)
}

// need brings the cluster to where the case begins.
func (l *lab) need(ctx context.Context, c testCase) error {
	if err := l.freshServers(ctx); err != nil {
		return err
	}
	want := l.fleet
	if c.need != nil {
		c.need(&want)
	}
	if err := l.commit(ctx, c.name+": before", want); err != nil {
		return err
	}
	if err := l.refresh(ctx, l.directors[:]...); err != nil {
		return err
	}
	return l.settled(ctx)
}

// commit is nothing when the fleet is what was asked for.
func (l *lab) commit(ctx context.Context, subject string, want fleet) (err error) {
	if want == l.fleet {
		return nil
	}
	if l.head, err = l.repo.commit(ctx, subject, want); err != nil {
		return err
	}
	l.fleet = want
	if l.committed.IsZero() {
		l.committed = time.Now()
	}
	return nil
}

func (l *lab) refresh(ctx context.Context, all ...*director) error {
	for _, d := range all {
		if err := d.do(ctx, spec.Command{Verb: spec.Refresh}); err != nil {
			return err
		}
	}
	return nil
}

// during opens connections, one class after the other, as long as the change lasts. It returns how long that was since its first commit,
// if there is one.
func (l *lab) during(ctx context.Context, p *traffic.Pool, change func(context.Context, *lab) error) (time.Duration, error) {
	began := time.Now()
	l.committed = time.Time{}
	opening, enough := context.WithCancel(ctx)
	var openers sync.WaitGroup
	openers.Go(func() {
		tick := time.NewTicker(openEvery)
		defer tick.Stop()
		for n := 0; n < mostDuring; n++ {
			select {
			case <-opening.Done():
				return
			case <-tick.C:
			}
			openers.Go(func() { p.Open(ctx, traffic.Group{Class: traffic.Classes[n%len(traffic.Classes)], During: true}) })
		}
	})
	err := change(ctx, l)
	if !l.committed.IsZero() {
		began = l.committed
	}
	took := time.Since(began)
	enough()
	openers.Wait()
	return took, err
}

// failover moves the role, tries every connection, and leaves two directors that run. It returns who was master.
func (l *lab) failover(ctx context.Context, by Failover, p *traffic.Pool, r *Run) (string, error) {
	master, backup, err := l.roles(ctx)
	if err != nil {
		return "", err
	}
	// What the backup holds is looked at before: a handover may still send it more.
	ends, err := backup.ends(source(l.runs))
	if err != nil {
		return "", err
	}
	held := p.Among(ends)
	for _, n := range p.Count() {
		r.LostEarlier += n.Lost
	}
	if by == Handover {
		err = l.handOver(ctx, master)
	} else if err = l.noteResync(ctx, master); err == nil {
		master.engine.end(syscall.SIGKILL)
	}
	if err != nil {
		return "", err
	}
	if err := l.until(ctx, backup.name+" is master", func(all [2]spec.Status) bool {
		for i, d := range l.directors {
			if state, whole := role(all[i]); d == backup && (state != spec.VRRPMaster || !whole) {
				return false
			}
		}
		return true
	}); err != nil {
		return "", err
	}
	r.take(p.Try(), held)
	loss, refusal := p.First()
	r.FirstLoss, r.FirstRefusal = text(loss), text(refusal)
	if by == Crash {
		if err := master.startEngine(); err != nil {
			return "", err
		}
	}
	return master.name, nil
}

// noteResync notes how old the last full resync is of a director that is about to die: what is younger it takes with it.
func (l *lab) noteResync(ctx context.Context, d *director) error {
	s, err := d.status(ctx)
	if err != nil {
		return err
	}
	if r := s.Resynced; r != nil {
		l.notes = append(l.notes, fmt.Sprintf("last full resync of %s %s before it dies, %d connections, busy for %s of %s", d.name, time.Since(r.At).Round(100*time.Millisecond), r.Connections,
			r.Busy.Round(time.Millisecond), r.Took.Round(time.Millisecond)))
	}
	return nil
}

// handOver asks again when it is refused, as an operator would, and notes it.
func (l *lab) handOver(ctx context.Context, master *director) error {
	const most = 20
	for refused := 1; ; refused++ {
		err := master.do(ctx, spec.Command{Verb: spec.Handover, Instance: instance, Reason: "bench"})
		if err == nil || refused == most {
			return err
		}
		l.notes = append(l.notes, fmt.Sprintf("handover refused: %v", err))
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait: %w", context.Cause(ctx))
	case <-t.C:
		return nil
	}
}
