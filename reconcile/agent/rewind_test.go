package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// marksOf are the files with the own high-water mark, as a backup would have them.
func (r *rig) marksOf() map[string][]byte {
	r.t.Helper()
	out := map[string][]byte{}
	for _, name := range []string{"held.0", "held.1"} {
		b, err := os.ReadFile(filepath.Join(r.folder, name))
		if err != nil && !os.IsNotExist(err) {
			r.t.Fatal(err)
		}
		if err == nil {
			out[name] = b
		}
	}
	return out
}

// restore puts such files in the place of those that are there, and the mirror at the tip of then.
func (r *rig) restore(files map[string][]byte, tip string) {
	r.t.Helper()
	r.repo.set(func() { r.repo.mirror = tip })
	for _, name := range []string{"held.0", "held.1", "intent"} {
		if err := os.Remove(filepath.Join(r.folder, name)); err != nil && !os.IsNotExist(err) {
			r.t.Fatal(err)
		}
		if b, ok := files[name]; ok {
			if err := os.WriteFile(filepath.Join(r.folder, name), b, 0o600); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

// A director whose own mark is lost, or is that of an old backup, refuses a branch that was set back, by what the other one accepted.
func TestRewindIsRefusedByWhatAPeerAccepted(t *testing.T) {
	for name, lost := range map[string]bool{"mark lost": true, "mark of an old backup": false} {
		t.Run(name, func(t *testing.T) {
			onPair(t, func(p *pair) {
				t, one := p.t, p.of["lb1"]
				p.both("a")
				old := one.marksOf()
				p.commit("b", "a", heavier("5"))
				p.both("b")
				one.end()
				if lost {
					one.restore(nil, "")
				} else {
					one.restore(old, id("a"))
				}
				p.commit("c", "a", heavier("9")) // b is gone from the branch
				one.start()
				p.pass(20 * time.Second)
				if s := p.on("lb1"); s.Refusal == nil || s.Refusal.Commit.ID != id("c") || !strings.Contains(s.Refusal.Reason, "c000000 does not descend from b000000, which was accepted before by lb2") {
					t.Fatalf("lb1 refuses %+v, pending %+v, holds %+v", s.Refusal, s.Pending, s.Holds)
				}
				if p.weightOf("lb1") == 9 || p.weightOf("lb2") != 5 {
					t.Errorf("weights %d and %d", p.weightOf("lb1"), p.weightOf("lb2"))
				}
				p.acceptRewritten("lb1", "c")
				p.acceptRewritten("lb2", "c")
				p.commit("d", "c", heavier("7"))
				p.both("d")
			})
		})
	}
}

// acceptRewritten is what an operator does where history was rewritten on purpose.
func (p *pair) acceptRewritten(on, commit string) {
	p.t.Helper()
	for _, c := range []spec.Command{{Verb: spec.PinTo, Rev: commit}, {Verb: spec.Unpin}} {
		if _, err := p.of[on].agent.Do(p.t.Context(), c); err != nil {
			p.t.Fatal(err)
		}
	}
	p.pass(10 * time.Second)
}

// Once the other director goes along with the new history, nothing contradicts it any more.
func TestRefusalForAPeersSakeEndsWithIt(t *testing.T) {
	onPair(t, func(p *pair) {
		one := p.of["lb1"]
		p.both("a")
		old := one.marksOf()
		p.commit("b", "a", heavier("5"))
		p.both("b")
		one.end()
		one.restore(old, id("a"))
		p.commit("c", "a", heavier("9"))
		one.start()
		p.pass(20 * time.Second)
		if p.on("lb1").Refusal == nil {
			p.t.Fatal("lb1 does not refuse")
		}
		p.acceptRewritten("lb2", "c")
		p.commit("d", "c", heavier("7"))
		p.both("d")
	})
}

// What another one accepted and the mirror has not yet may come before or after the tip: the commit waits, and is applied when it can be told.
func TestTipWaitsForWhatAPeerAccepted(t *testing.T) {
	onPair(t, func(p *pair) {
		t, one, two := p.t, p.of["lb1"], p.of["lb2"]
		p.both("a")
		two.repo.commit("b", "a", heavier("5"))
		p.pass(20 * time.Second)
		if s := p.on("lb2"); s.HighWater != id("b") {
			t.Fatalf("lb2 accepted %s", s.HighWater)
		}
		one.repo.commit("c", "a", heavier("9"))
		p.pass(20 * time.Second)
		s := p.on("lb1")
		if s.Pending == nil || len(s.Holds) == 0 || !strings.HasPrefix(s.Holds[0].Why, "lb2 accepted b000000, which is not here: whether c000000 came after it") || p.weightOf("lb1") == 9 {
			t.Fatalf("lb1 pends %+v, holds %+v, refuses %+v, weight %d", s.Pending, s.Holds, s.Refusal, p.weightOf("lb1"))
		}
		asked := one.repo.asked()
		p.pass(time.Minute)
		if n := one.repo.asked() - asked; n > 15 { // every 5 s
			t.Errorf("the repository is asked %d times a minute", n)
		}
		one.repo.commit("b", "a", heavier("5"))
		p.commit("d", "b", heavier("7"))
		p.both("d")
	})
}
