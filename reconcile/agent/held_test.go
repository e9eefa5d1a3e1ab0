package agent

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

func TestOneAgentPerDirector(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		a := r.open()
		_, err := Open(r.cfg, a.parts)
		if err == nil || !strings.Contains(err.Error(), "runs this director already") || !strings.Contains(err.Error(), "process ") {
			t.Errorf("second agent: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		again := r.open()
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// A damaged generation is passed over; without a sound one the agent starts from git, and removes nothing that it does not know.
func TestDamagedState(t *testing.T) {
	for _, c := range []struct {
		name    string
		damaged []string
		weight  string
	}{
		{"the newest", []string{"held.0"}, "3"},
		{"both", []string{"held.0", "held.1"}, "9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				three(r)
				r.end()
				r.repo.set(func() { r.repo.down, r.repo.mirror = errors.New("away"), "" })
				r.byHand("80 wrr 21=9")
				for _, name := range c.damaged {
					flip(t, filepath.Join(r.folder, name))
				}
				r.start()
				r.holds("80 wrr 21=" + c.weight)
				said := false
				for _, rec := range r.records() {
					said = said || rec.Event == journal.Recovered && strings.Contains(rec.Result, "its checksum is wrong")
				}
				if !said {
					t.Errorf("the damage is not recorded: %q", r.events(1))
				}
				r.end()
			})
		})
	}
}

// After an upgrade, or back, the agent goes on from what its predecessor held, without git: the commit is read anew from the mirror.
// Where it is not there, what an operator decided and what is owned still counts.
func TestStateOfAnotherVersion(t *testing.T) {
	for _, c := range []struct{ name, mirror, weight string }{
		{"with a mirror", "c", "2"},
		{"without one", "", "9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				three(r)
				if _, err := r.do(spec.PinTo, id("b"), 0); err != nil {
					t.Fatal(err)
				}
				r.end()
				aged(t, r.folder)
				r.repo.set(func() { r.repo.down = errors.New("away") })
				if c.mirror == "" {
					r.repo.set(func() { r.repo.mirror, r.repo.trees = "", nil })
				}
				r.byHand("80 wrr 21=9\n443 rr 40=1")
				r.start()
				r.holds("80 wrr 21=" + c.weight + "\n443 rr 40=1")
				if s := r.status(); s.Pin == nil || s.Pin.Commit.ID != id("b") {
					t.Errorf("the pin: %+v", s.Pin)
				}
				said := false
				for _, rec := range r.records() {
					said = said || rec.Event == journal.Recovered && strings.Contains(rec.Result, "another version of lbsync wrote this")
				}
				if !said {
					t.Errorf("it is not recorded: %q", r.events(1))
				}
				r.end()
			})
		})
	}
}

// What an operator decided ends in time, and nothing is tried, also where the commit that was held cannot be read.
func TestStateOfAnotherVersionWithoutItsCommit(t *testing.T) {
	for name, tc := range map[string]struct {
		before func(t *testing.T, r *rig) // the upgrade
		while  time.Duration              // it takes
	}{
		"an override that ends": {overrideForAnHour, 0},
		"one that has ended":    {overrideForAnHour, 2 * time.Hour},
		"what was begun":        {dieInATrial, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				tc.before(t, r)
				aged(t, r.folder)
				mirror, trees := r.repo.mirror, r.repo.trees
				r.repo.set(func() { r.repo.down, r.repo.mirror, r.repo.trees = errors.New("away"), "", nil })
				r.pass(tc.while)
				r.start()
				r.pass(2 * time.Hour)
				if s := r.status(); s.Applied != nil || s.Trial != nil || len(s.Overrides) > 0 {
					t.Errorf("status %+v", s)
				}
				r.repo.set(func() { r.repo.down, r.repo.mirror, r.repo.trees = nil, mirror, trees })
				r.pass(longestRetry)
				r.holds("80 wrr 21=1 22=1")
				r.phase(spec.Idle)
				r.end()
			})
		})
	}
}

func overrideForAnHour(t *testing.T, r *rig) {
	r.repo.commit("a", "", "80 wrr 21=1 22=1")
	r.start()
	if _, err := r.override("192.0.2.21:80", 0, time.Hour); err != nil {
		t.Fatal(err)
	}
	r.end()
	r.start() // so that both generations have it
	r.end()
}

func dieInATrial(t *testing.T, r *rig) {
	r.repo.commit("a", "", "confirm 5s\n80 wrr 21=1")
	r.start()
	r.end()
	r.start()
	r.end()
	r.repo.commit("b", "a", "confirm 5s\n80 wrr 21=1 22=1")
	r.dieInWrite(t)
}

// dieInWrite runs the agent until it writes what it holds, and is killed there.
func (r *rig) dieInWrite(t *testing.T) {
	t.Helper()
	k := &reaper{}
	r.at = func(point string) {
		if point == "write held.1" || point == "write held.0" {
			k.at = k.n + 1
			k.pass(point)
		}
	}
	if died := r.mortalRun(t.Context(), k); died == "" {
		t.Fatal("was not killed")
	}
	r.at = nil
}

// aged has the views in a state folder be those of an earlier version.
func aged(t *testing.T, folder string) {
	t.Helper()
	s := newStore(folder)
	for _, name := range []string{"held.0", "held.1"} {
		var f heldFile
		if err := s.read(name, heldFormat, &f); err != nil {
			t.Fatal(err)
		}
		f.View[len("LBSVIEW")]--
		if err := s.write(name, heldFormat, f); err != nil {
			t.Fatal(err)
		}
	}
}

func flip(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// What a killed process had put into the kernel is its own, also when the commit is gone before the restart.
func TestWhatWasBegunIsOwned(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1")
		r.start()
		r.end()
		r.repo.commit("b", "a", "80 wrr 21=1\n443 rr 40=1")
		r.dieInWrite(t)
		r.holds("80 wrr 21=1\n443 rr 40=1")
		r.repo.commit("c", "b", "80 wrr 21=1")
		r.repo.set(func() { r.repo.mirror = id("c") })
		r.start()
		r.holds("80 wrr 21=1")
		r.end()
	})
}
