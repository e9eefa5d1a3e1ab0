package sync

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/topology"
	"github.com/lbsync/lbsync/spec"
)

// testCase is a change. act makes it and returns when it is through, after undoes what no commit undoes.
type testCase struct {
	name  string
	crash bool         // a crash follows it too
	need  func(*fleet) // what the commit before says, nil: anything
	act   func(context.Context, *lab) error
	after func(context.Context, *lab) error
}

// apart is the time between the backup's and the master's look at the repository: agents poll each by its own clock, and the backup
// first is the order that operators are taught.
const apart = 2 * time.Second

func cases() []testCase {
	return []testCase{
		{name: "weight changed", crash: true, act: merged(func(f *fleet) { f.weights[0] = 3 - f.weights[0] })},
		{name: "real server added", need: third(absent), act: merged(third(1))},
		{name: "real server drained", need: third(1), act: merged(third(0))},
		{name: "drained real server removed", need: third(0), act: merged(third(absent))},
		{name: "scheduler changed", act: merged(func(f *fleet) { f.scheduler = other(f.scheduler, "wrr", "wlc") })},
		{name: "syncid changed", crash: true, act: merged(func(f *fleet) { f.syncid++ })},
		{name: "sync group changed", act: merged(func(f *fleet) { f.group = other(f.group, "224.0.0.81", "224.0.0.82") })},
		{name: "sync port changed", act: merged(func(f *fleet) { f.syncPort = 8848 + 8849 - f.syncPort })},
		{name: "sync interface changed", crash: true, act: merged(func(f *fleet) { f.iface = other(f.iface, "eth0", "eth1") })},
		{name: "syncid changed and reverted", act: reverted},
		{name: "agent killed while the syncid changes", crash: true, act: killed},
		{name: "agents restarted", act: restarted},
		{name: "director rebooted and failed back to", crash: true, act: rebooted},
		{name: classic, crash: true, act: byHand, after: backToGit},
	}
}

func third(weight int) func(*fleet) { return func(f *fleet) { f.weights[2] = weight } }

func other(is, a, b string) string {
	if is == a {
		return b
	}
	return a
}

// merged is a commit that both agents see, one after the other.
func merged(change func(*fleet)) func(context.Context, *lab) error {
	return func(ctx context.Context, l *lab) error {
		want := l.fleet
		change(&want)
		if err := l.commit(ctx, "change", want); err != nil {
			return err
		}
		return l.seen(ctx)
	}
}

// seen has the backup look, then the master, and waits until the change is through.
func (l *lab) seen(ctx context.Context) error {
	master, backup, err := l.roles(ctx)
	if err != nil {
		return err
	}
	// A refresh may wait for what the other director has yet to do, so the second one does not wait for the first.
	first := make(chan error, 1)
	go func() { first <- l.refresh(ctx, backup) }()
	err = pause(ctx, apart)
	if err == nil {
		err = l.refresh(ctx, master)
	}
	if err := <-first; err != nil {
		return err
	}
	if err != nil {
		return err
	}
	return l.settled(ctx)
}

// reverted takes a commit back when the backup has seen it and the master has not.
func reverted(ctx context.Context, l *lab) error {
	_, backup, err := l.roles(ctx)
	if err != nil {
		return err
	}
	was, want := l.fleet, l.fleet
	want.syncid++
	if err := l.commit(ctx, "change", want); err != nil {
		return err
	}
	first := make(chan error, 1)
	go func() { first <- l.refresh(ctx, backup) }()
	if err := pause(ctx, apart); err != nil {
		return err
	}
	if err := l.commit(ctx, "Revert \"change\"", was); err != nil {
		return err
	}
	if err := <-first; err != nil {
		return err
	}
	return l.seen(ctx)
}

// killed ends one of the agents at a random moment of the change of a syncid, and starts it again.
func killed(ctx context.Context, l *lab) error {
	d, after := l.directors[l.random.IntN(2)], time.Duration(l.random.Int64N(int64(apart+time.Second)))
	l.notes = append(l.notes, fmt.Sprintf("agent of %s killed %s after the commit", d.name, after.Round(time.Millisecond)))
	want := l.fleet
	want.syncid++
	if err := l.commit(ctx, "change", want); err != nil {
		return err
	}
	seen := make(chan error, 1)
	go func() { seen <- l.seen(ctx) }()
	if err := pause(ctx, after); err != nil {
		return err
	}
	d.agent.end(syscall.SIGKILL)
	if err := d.startAgent(); err != nil {
		return err
	}
	<-seen // a refresh that was asked of the killed agent fails; the new one looks by itself when it starts
	if err := l.settledAfterStart(ctx, d); err != nil {
		return err
	}
	return l.seen(ctx)
}

// restarted stops and starts both agents, one after the other.
func restarted(ctx context.Context, l *lab) error {
	for _, d := range l.directors {
		d.agent.end(syscall.SIGTERM)
		if err := d.startAgent(); err != nil {
			return err
		}
		if err := l.settledAfterStart(ctx, d); err != nil {
			return err
		}
	}
	return l.settled(ctx)
}

func (l *lab) settledAfterStart(ctx context.Context, d *director) error {
	return l.until(ctx, "the agent of "+d.name+" answers", func([2]spec.Status) bool { return true })
}

// rebooted takes the master away with all that its kernel knows, and brings it back as backup. The failover that follows goes back to it.
func rebooted(ctx context.Context, l *lab) error {
	master, backup, err := l.roles(ctx)
	if err != nil {
		return err
	}
	master.kill()
	for _, args := range [][]string{{"-n", master.name, "link", "del", "eth0"}, {"-n", master.name, "link", "del", "eth1"}, {"netns", "del", master.name}} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("take %s away: %w: %s", master.name, err, out)
		}
	}
	if err := l.alone(ctx, backup); err != nil {
		return err
	}
	if err := topology.Apply(l.plan.Again(master.name)); err != nil {
		return err
	}
	if err := errors.Join(master.forget(), master.startEngine(), master.startAgent()); err != nil {
		return err
	}
	if err := l.settled(ctx); err != nil {
		return err
	}
	if now, _, err := l.roles(ctx); err != nil || now != backup {
		return errors.Join(err, fmt.Errorf("%s has the role again at once", master.name))
	}
	return nil
}

// alone waits until a director is master while the other one is away.
func (l *lab) alone(ctx context.Context, d *director) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		s, err := d.status(ctx)
		if state, whole := role(s); err == nil && state == spec.VRRPMaster && whole {
			return nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%s takes over: %w", d.name, err)
		}
	}
}
