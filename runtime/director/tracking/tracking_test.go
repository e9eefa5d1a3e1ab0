package tracking

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lbsync/lbsync/spec"
)

var errBad = errors.New("down")

// desk is an engine that is told verdicts, and what the trackers look at.
type desk struct {
	mu    sync.Mutex
	bad   map[string]bool // by name of the tracker
	away  bool
	said  []string
	looks map[string][]time.Duration // when each was looked at
	begun time.Time
}

func (d *desk) check(_ context.Context, k spec.TrackerKey, _ spec.Tracking) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks[k.Name] = append(d.looks[k.Name], time.Since(d.begun))
	if d.bad[k.Name] {
		return errBad
	}
	return nil
}

func (d *desk) tell(_ context.Context, k spec.TrackerKey, good bool, cause error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away {
		return errors.New("no engine")
	}
	d.said = append(d.said, fmt.Sprint(k.Name, " ", good, " ", cause))
	return nil
}

func (d *desk) set(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

// heard is what was said since the last call.
func (d *desk) heard(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if slices.Sort(d.said); !slices.Equal(d.said, want) {
		t.Errorf("the engine heard %q, want %q", d.said, want)
	}
	d.said = nil
}

func track(t *testing.T, f func(d *desk, tr *Trackers)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{bad: map[string]bool{}, looks: map[string][]time.Duration{}, begun: time.Now()}
		tr := New(d.tell)
		tr.check = d.check
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { tr.Run(ctx); close(ended) }()
		f(d, tr)
		cancel()
		<-ended
	})
}

func rows(interval time.Duration, fall uint32, names ...string) spec.Rows[spec.TrackerKey, spec.Tracking] {
	var out spec.Rows[spec.TrackerKey, spec.Tracking]
	for _, n := range names {
		out = append(out, spec.Row[spec.TrackerKey, spec.Tracking]{
			Key: spec.TrackerKey{Instance: "web", Watch: spec.WatchScript, Name: n}, Value: spec.Tracking{Interval: interval, Rise: 1, Fall: fall}})
	}
	return out
}

func pass(d time.Duration) { <-time.After(d) }

func TestVerdictsAreToldWhenTheyTurn(t *testing.T) {
	track(t, func(d *desk, tr *Trackers) {
		d.bad["b"] = true
		link := rows(0, 0, "eth0")
		link[0].Key.Watch = spec.WatchInterface // the engine's own
		tr.Set(append(rows(time.Second, 1, "a", "b"), link...))
		pass(5 * time.Second)
		d.heard(t, "a true <nil>", "b false down")
		d.set(func() { d.bad["a"], d.bad["b"] = true, false })
		pass(time.Second)
		d.heard(t, "a false down", "b true <nil>")
		pass(time.Minute)
		d.heard(t)
	})
}

func TestVerdictsWaitForAnEngineAndAreToldAgainToANewOne(t *testing.T) {
	track(t, func(d *desk, tr *Trackers) {
		d.set(func() { d.away = true })
		tr.Set(rows(time.Minute, 1, "a"))
		pass(time.Minute)
		d.heard(t)
		d.set(func() { d.away = false })
		tr.Retell() // it has come
		d.heard(t, "a true <nil>")
		tr.Retell()
		d.heard(t, "a true <nil>")
		d.set(func() { d.away, d.bad["a"] = true, true })
		pass(time.Minute)
		d.set(func() { d.away = false })
		pass(time.Minute) // nobody says that it is back: the next turn tries
		d.heard(t, "a false down")
	})
}

func TestChangedAndRemovedTrackers(t *testing.T) {
	track(t, func(d *desk, tr *Trackers) {
		tr.Set(rows(time.Second, 1, "a", "b"))
		pass(2 * time.Second)
		d.heard(t, "a true <nil>", "b true <nil>")
		tr.Set(append(rows(time.Second, 1, "a"), rows(time.Second, 3, "b")...)) // b begins anew, a goes on
		pass(2 * time.Second)
		d.heard(t, "b true <nil>")
		tr.Set(rows(time.Second, 1, "a"))
		pass(2 * time.Second)
		d.set(func() { d.bad["a"], d.bad["b"] = true, true })
		pass(time.Minute)
		d.heard(t, "a false down")
	})
}

// A tracker keeps its place in the interval, whatever time its agent starts, and has its first turn within a second.
func TestPhase(t *testing.T) {
	track(t, func(d *desk, tr *Trackers) {
		tr.Set(rows(time.Hour, 1, "a"))
		pass(3 * time.Hour)
		d.set(func() {
			k := rows(0, 0, "a")[0].Key
			at := phase(k, time.Hour)
			begun := d.begun.Sub(d.begun.Truncate(time.Hour))
			got := d.looks["a"]
			if len(got) != 4 && len(got) != 3 || got[0] >= time.Second {
				t.Fatalf("looks at %v", got)
			}
			for _, l := range got[1:] {
				if (begun+l)%time.Hour != at {
					t.Errorf("looks at %v, phase %v", got, at)
				}
			}
		})
	})
}

func TestNext(t *testing.T) {
	base := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ at, phase, want time.Duration }{{0, 3, 3}, {3, 3, 10}, {4, 3, 9}, {9, 0, 1}, {0, 0, 10}} {
		if got := next(base.Add(c.at*time.Second), 10*time.Second, c.phase*time.Second); got != c.want*time.Second {
			t.Errorf("at %d, phase %d: in %v, want %ds", c.at, c.phase, got, c.want)
		}
	}
}
