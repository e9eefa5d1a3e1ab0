package director

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// The waits for an engine that is away double from first to longest: its unit starts it again within a tenth of a second.
const (
	firstWait   = 100 * time.Millisecond
	longestWait = 5 * time.Second
)

// Tell says whom to tell of transitions: those whom the commit names that is held. Run waits for the first call.
func (v *VRRP) Tell(view spec.View) {
	v.notifier.Rules(view)
	v.mu.Lock()
	defer v.mu.Unlock()
	select {
	case <-v.told:
	default:
		close(v.told)
	}
}

// Run follows the engine's events, and runs trackers and notifications, until ctx ends. Then it returns when no program of them runs
// any more.
func (v *VRRP) Run(ctx context.Context) {
	var beside sync.WaitGroup
	beside.Go(func() { v.trackers.Run(ctx) })
	beside.Go(func() { v.announce(ctx) })
	select {
	case <-v.told:
		v.follow(ctx)
	case <-ctx.Done():
	}
	beside.Wait()
	v.notifier.Wait()
}

// Notice has those told whom the held commit names for it, while Run runs.
func (v *VRRP) Notice(n spec.Notice) {
	select {
	case v.notices <- n:
	default:
		v.note(spec.VRRPNews{Lost: 1, Why: fmt.Sprintf("%d notices wait, so that %s was %s is not told", cap(v.notices), n.Commit.Short(), n.Event)})
	}
}

func (v *VRRP) announce(ctx context.Context) {
	for {
		select {
		case n := <-v.notices:
			v.notifier.Notice(ctx, n)
		case <-ctx.Done():
			return
		}
	}
}

func (v *VRRP) follow(ctx context.Context) {
	wait := firstWait
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		var s spec.VRRPStatus
		err := v.ask(ctx, func(ctx context.Context, e Engine) (err error) {
			s, err = e.Status(ctx)
			return err
		})
		if err == nil {
			wait = firstWait
			v.met(s)
			v.trackers.Retell()
			v.Log.Debug("events of engine end", "cause", v.listen(ctx, s.Serial))
		} else {
			v.lost(ctx, err)
		}
		if ctx.Err() != nil {
			return
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			wait = min(2*wait, longestWait)
		}
	}
}

// listen takes events until the line breaks. The roles up to the serial newest are known from elsewhere.
func (v *VRRP) listen(ctx context.Context, newest uint64) error {
	e, err := v.reach()
	if err != nil {
		return err
	}
	after := v.notifier.After(newest)
	for {
		batch, err := e.Events(ctx, after)
		if err != nil {
			return err
		}
		if len(batch.Events) == 0 {
			return fmt.Errorf("read events of engine: it answers with none")
		}
		v.take(batch, newest)
		v.notifier.Take(ctx, batch.Events)
		after = batch.Events[len(batch.Events)-1].Serial
	}
}

func (v *VRRP) take(batch spec.VRRPEvents, newest uint64) {
	if batch.Lost > 0 {
		v.note(spec.VRRPNews{Event: spec.VRRPEvent{Serial: batch.Events[0].Serial}, Lost: batch.Lost,
			Why: fmt.Sprintf("the engine dropped %d events before number %d: nobody fetched them", batch.Lost, batch.Events[0].Serial)})
	}
	for _, e := range batch.Events {
		if e.Serial > newest {
			v.moved(e)
		}
		v.note(spec.VRRPNews{Event: e})
	}
}

// moved notes the role of an instance after a transition; the news of it signal.
func (v *VRRP) moved(e spec.VRRPEvent) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.roles == nil {
		return // the engine is away again, and the next status has it
	}
	if r := e.To.Role(); r == spec.RoleUnknown {
		delete(v.roles, e.Instance.String())
	} else {
		v.roles[e.Instance.String()] = r
	}
}

// longestNews bounds what waits while the agent's loop is busy.
const longestNews = 10000

// note keeps news until somebody takes them.
func (v *VRRP) note(n spec.VRRPNews) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.news) == longestNews {
		v.news = v.news[1:]
		v.dropped++
	}
	v.news = append(v.news, n)
	v.signal()
}

// News are what happened since the last call, in order.
func (v *VRRP) News() []spec.VRRPNews {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := v.news
	if v.dropped > 0 {
		out = append([]spec.VRRPNews{{Lost: v.dropped, Why: fmt.Sprintf("%d news of VRRP were dropped before they could be recorded", v.dropped)}}, out...)
	}
	v.news, v.dropped = nil, 0
	return out
}
