package agent

import (
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// onRarePair polls rarely: who sees a commit was told of it.
func onRarePair(t *testing.T, f func(p *pair)) {
	t.Helper()
	onPair(t, func(p *pair) {
		p.both("a")
		p.each(func(r *rig) { r.end(); r.cfg.Poll = 24 * time.Hour; r.start() })
		p.pass(time.Minute)
		f(p)
	})
}

// One director sees a commit, and the other asks the repository once, at once: both confirm it in the time of their two trials.
func TestPeersCommitIsAHintToFetch(t *testing.T) {
	onRarePair(t, func(p *pair) {
		p.commit("b", "a", heavier("5"))
		master, backup := p.of["lb1"].repo.asked(), p.of["lb2"].repo.asked()
		began := time.Now()
		if _, err := p.of["lb2"].do(spec.Refresh, "", 0); err != nil {
			p.t.Fatal(err)
		}
		p.both("b")
		if one, two := p.of["lb1"].repo.asked()-master, p.of["lb2"].repo.asked()-backup; one != 1 || two != 1 {
			p.t.Errorf("lb1 asked the repository %d times, lb2 %d times", one, two)
		}
		// The clock is the bubble's: it moves only where somebody waits.
		if took := time.Since(began); took > 5*time.Second {
			p.t.Errorf("two trials of 2 s took %v of waiting", took)
		}
	})
}

// Whoever speaks of commits that are not in the repository has it asked once for each, and not more often than the pause allows.
func TestHintsAreBounded(t *testing.T) {
	onRarePair(t, func(p *pair) {
		r := p.of["lb1"]
		asked := r.repo.asked()
		forged := p.wire.ends["lb2"]
		for n := range 100 {
			forged.Tell(spec.PeerReport{Director: "lb2", Boot: "run of lb2", HighWater: id("dead" + string(rune('a'+n%6)))})
			p.pass(100 * time.Millisecond)
		}
		if n := r.repo.asked() - asked; n < 5 || n > 11 {
			p.t.Errorf("asked %d times in 10 s", n)
		}
		asked = r.repo.asked()
		forged.Tell(spec.PeerReport{Director: "lb2", Boot: "run of lb2", HighWater: id("beef")})
		p.pass(30 * time.Second)
		if n := r.repo.asked() - asked; n > 3 {
			p.t.Errorf("asked %d times for one commit", n)
		}
	})
}
