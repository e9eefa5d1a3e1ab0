package agent

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// receiver identifies the run of the backup sync daemon: a daemon that was started anew missed what was sent meanwhile.
type receiver struct {
	run   string // of the agent: what was received before it began is not known
	count int
	live  spec.Daemon
	runs  bool
}

func (r *receiver) id() string {
	if !r.runs {
		return ""
	}
	return r.run + "." + strconv.Itoa(r.count)
}

// see notes what runs now.
func (r *receiver) see(run string, daemons spec.Rows[spec.Role, spec.Daemon]) {
	row, runs := daemons.Find(spec.RoleBackup)
	if r.run != run || runs != r.runs || row.Value != r.live {
		r.run, r.live, r.runs = run, row.Value, runs
		r.count++
	}
}

// resync is the full resync that goes on beside the loop.
type resync struct {
	under bool
	boost time.Time // until when each packet is told of: the table is too large to be sent
	last  *spec.Resynced
	said  string // what was journaled last of those that come by themselves
	done  chan resynced
}

// resynced is what came of one.
type resynced struct {
	sent    spec.Resynced
	covered map[string]spec.Coverage
	routine bool // nobody asked for it
	err     error
}

// The pauses between two full resyncs, and the time that one may take.
const (
	resyncPause  = 2 * time.Second
	resyncWithin = 5 * time.Minute
	warmWithin   = 30 * time.Second
)

// sync sends all connections where a backup began to listen anew, or the time for it has come, beside the loop.
func (a *Agent) sync(ctx context.Context) {
	if a.held.View == nil || a.resync.under || !a.agenda[resyncing].IsZero() {
		return
	}
	facts := a.facts()
	from, sends := facts.Daemons.Find(spec.RoleMaster)
	to, byItself := reconcile.Owed(*a.held.View, facts, a.covered), false
	if len(to) == 0 {
		to, byItself = a.due(facts), true
	}
	if to == nil || !sends {
		return
	}
	a.resync.under = true
	work := a.resyncTo(to, facts, from.Value)
	go func() {
		within, cancel := context.WithTimeout(ctx, resyncWithin)
		defer cancel()
		r := work(within)
		r.routine = byItself
		a.resync.done <- r
	}()
}

// due is to whom the routine resync goes now, nil if it does not; and when it is to be looked at again.
func (a *Agent) due(f spec.Facts) []string {
	to, r := reconcile.Routine(*a.held.View, f, a.resync.last)
	a.agenda[routine] = time.Time{}
	if to == nil && r != nil {
		a.agenda[routine] = r.Next
	}
	return to
}

// resyncTo is the work of a full resync to some directors. It may run in any goroutine.
func (a *Agent) resyncTo(names []string, f spec.Facts, from spec.Daemon) func(context.Context) resynced {
	tries := map[string]spec.Coverage{}
	for _, name := range names {
		c := spec.Coverage{Receiver: f.Peers[name].Report.Receiver, Tries: 1}
		if was := a.covered[name]; was.Receiver == c.Receiver {
			c.Tries = was.Tries + 1
		}
		tries[name] = c
	}
	return func(ctx context.Context) resynced {
		out := resynced{covered: map[string]spec.Coverage{}}
		out.sent, out.err = a.parts.Sync.Resync(ctx, from)
		out.sent.At = time.Now()
		if out.err != nil {
			return out
		}
		for _, name := range names {
			c, err := a.compared(ctx, name, tries[name], out.sent)
			out.covered[name], out.err = c, errors.Join(out.err, err)
		}
		return out
	}
}

// compared is how much of what was sent a director holds. It may run in any goroutine.
func (a *Agent) compared(ctx context.Context, name string, c spec.Coverage, sent spec.Resynced) (spec.Coverage, error) {
	c.Total, c.Sampled = max(sent.Connections, 1), 1 // not compared is not known
	if sent.Partial != "" {
		c.At, c.Uncompared = time.Now(), sent.Partial
		return c, nil
	}
	theirs, err := a.parts.Exchange.Sample(ctx, name)
	if err == nil {
		found := a.parts.Sync.Cover(sent.Sample, theirs)
		c.Total, c.Sampled, c.Known = found.Total, found.Sampled, found.Known
	} else {
		c.Uncompared = err.Error()
	}
	c.At = time.Now()
	return c, err
}

// sent notes what came of a full resync. One that did not reach everybody is made again.
func (a *Agent) sent(r resynced) {
	a.resync.under = false
	a.agenda.sooner(resyncing, time.Now().Add(resyncPause))
	a.note(r)
}

func (a *Agent) note(r resynced) {
	covered := map[string]spec.Coverage{}
	for name, c := range a.covered {
		covered[name] = c
	}
	for name, c := range r.covered {
		covered[name] = c
	}
	a.covered = covered // what the others were told is not altered
	r.sent.Sample = spec.ConnSample{}
	a.resync.last = &r.sent
	a.boost(r)
	if said := fmt.Sprint(r.sent.Partial, r.err); !r.routine || said != a.resync.said {
		a.tellResync(r)
		a.resync.said = said
	}
}

func (a *Agent) tellResync(r resynced) {
	rec := of(a.held.Commit, journal.Record{Event: journal.Resynced, Actor: self, Changes: r.sent.Connections, Result: "ok", Detail: coverText(r)})
	if r.err != nil {
		rec.Result = r.err.Error()
	}
	_ = a.record(rec)
}

func coverText(r resynced) string {
	s := fmt.Sprintf("%d connections in %d messages, %v", r.sent.Connections, r.sent.Messages, r.sent.Took.Round(time.Millisecond))
	if r.sent.Partial != "" {
		s += "; " + r.sent.Partial
	}
	for name, c := range r.covered {
		if c.Uncompared == "" {
			s += fmt.Sprintf("; %s holds %.2f %%", name, c.Percent())
		}
	}
	return s
}

// warm sends all connections to every director that listens, and waits for what they hold. It runs in the goroutine of the command.
func (a *Agent) warm(ctx context.Context) (map[string]spec.Coverage, error) {
	var work func(context.Context) resynced
	if err := a.within(ctx, func(context.Context) {
		facts := a.facts()
		var names []string
		for _, name := range sortedNames(facts.Peers) {
			if p := facts.Peers[name]; p.Answers() && p.Report.Receiver != "" {
				names = append(names, name)
			}
		}
		if from, sends := facts.Daemons.Find(spec.RoleMaster); sends && len(names) > 0 {
			work = a.resyncTo(names, facts, from.Value)
		}
	}); err != nil || work == nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, warmWithin)
	defer cancel()
	r := work(within)
	if err := a.within(ctx, func(context.Context) { a.note(r) }); err != nil {
		return nil, err
	}
	return r.covered, r.err
}

// syncNow is the full resync that an operator asks for.
func (a *Agent) syncNow(ctx context.Context) (spec.CommandResult, error) {
	covered, err := a.warm(ctx)
	if err == nil && covered == nil {
		err = errors.New("nobody to send connections to: no master sync daemon runs here, or no other director answers with a backup daemon")
	}
	if err != nil {
		return spec.CommandResult{}, err
	}
	return spec.CommandResult{Version: spec.DocumentVersion, Covered: covered, Status: a.Status()}, nil
}
