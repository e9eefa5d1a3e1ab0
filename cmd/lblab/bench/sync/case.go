package sync

import (
	"context"
	"fmt"
	"syscall"
	"time"

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
		{name: "director lost its power and failed back to", crash: true, act: powerLost},
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
