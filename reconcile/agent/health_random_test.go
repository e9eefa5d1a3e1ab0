package agent

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

// walk is one agent with whom all sorts of things happen, and what should be so in the end.
type walk struct {
	*rig
	chance  *rand.Rand
	down    map[string]bool // hosts whose checks fail
	fleet   [2]map[string]int
	pool    string // how it is checked
	commits int
	byHands int
}

var walkHosts = []string{"21", "22", "23", "24"}

// text is the fleet as git has it, or without those that are down.
func (w *walk) text(live bool) string {
	var b strings.Builder
	b.WriteString("pool " + w.pool)
	for i, hosts := range w.fleet {
		fmt.Fprintf(&b, "\n%d wrr", 80+i)
		for _, h := range walkHosts {
			if weight, in := hosts[h]; in && (!live || !w.down[h]) {
				fmt.Fprintf(&b, " %s=%d", h, weight)
			}
		}
	}
	return b.String()
}

func (w *walk) commit() {
	for i := range w.fleet {
		w.fleet[i] = map[string]int{}
		for _, h := range walkHosts {
			if w.chance.IntN(4) > 0 {
				w.fleet[i][h] = 1 + w.chance.IntN(5)
			}
		}
	}
	w.commits++
	w.repo.commit(fmt.Sprintf("%02x", w.commits), map[bool]string{true: fmt.Sprintf("%02x", w.commits-1)}[w.commits > 1], w.text(false))
}

// verdict lets the checks of a host, where any are run, come to another result.
func (w *walk) verdict(h string) {
	v := w.health
	v.mu.Lock()
	for _, c := range v.checks {
		if strings.HasSuffix(c.Probed().String(), "."+h) {
			n := spec.Verdict{Check: c, State: spec.CheckUp, Weight: -1}
			if w.down[h] {
				n.State, n.Why = spec.CheckDown, "refused"
			}
			v.news = append(v.news, n)
		}
	}
	v.mu.Unlock()
	select {
	case v.changed <- struct{}{}:
	default:
	}
	if w.chance.IntN(2) == 0 {
		w.pass(0)
	}
}

func (w *walk) step() {
	switch n := w.chance.IntN(20); {
	case n < 10:
		h := walkHosts[w.chance.IntN(len(walkHosts))]
		w.down[h] = !w.down[h]
		w.verdict(h)
	case n < 13:
		w.commit()
		w.pass(time.Duration(w.chance.IntN(int(w.cfg.Poll))))
	case n < 15:
		w.pass(time.Duration(w.chance.IntN(int(w.cfg.Resync))))
	case n < 16:
		w.end()
		w.health = newVerdicts()
		w.start()
		w.pass(0)
	case n < 17:
		w.kernel.Inject(reconciletest.FailAt(len(w.kernel.History())+w.chance.IntN(3), errors.New("busy")))
	case n < 18:
		h := walkHosts[w.chance.IntN(len(walkHosts))]
		_, _ = w.override("tcp 192.0.2.1:80 > 192.0.2."+h+":80", int32(w.chance.IntN(3)), time.Duration(1+w.chance.IntN(60))*time.Second)
	case n < 19:
		_, _ = w.do(spec.Suspend, "", time.Duration(1+w.chance.IntN(60))*time.Second)
	default:
		w.pass(0)
		w.byHands++
		w.byHand("80 wrr 21=9\n81 wrr 22=9 29=1")
	}
}

// pathed wants a private service for each real server of git, whether it is up or down, where it is checked along the real path.
func (w *walk) pathed() {
	w.t.Helper()
	var want []string
	for _, hosts := range w.fleet {
		for h := range hosts {
			want = append(want, "192.0.2."+h)
		}
	}
	if w.pool == "checked" {
		want = nil
	}
	slices.Sort(want)
	if got, run := w.ways(), w.health.run(); !slices.Equal(got, want) || len(run) != len(want) {
		w.t.Errorf("private services for %v, checks of %v, want both for %v", got, run, want)
	}
}

// Whatever comes in between: in the end the kernel holds what git says, without those whose checks fail; and nothing is taken for drift
// that nobody did.
func TestPoolsWhateverHappens(t *testing.T) {
	for seed := range uint64(24) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				w := &walk{rig: r, chance: rand.New(rand.NewPCG(seed, 1)), down: map[string]bool{}, pool: [2]string{"checked", "pathed"}[seed%2]}
				w.commit()
				w.start()
				w.pass(0)
				for range 60 {
					w.step()
				}
				w.kernel.Inject()
				w.pass(5 * time.Minute) // all overrides and suspensions are over
				for _, h := range walkHosts {
					w.verdict(h)
				}
				w.pass(longestRetry + w.cfg.Resync)
				w.holds(strings.TrimPrefix(w.text(true), "pool "+w.pool+"\n"))
				w.pathed()
				if w.byHands < flapsAfter {
					w.phase(spec.Idle)
				}
				if s := w.status(); w.byHands == 0 && s.Repaired > 0 || len(s.Drift) > 0 || len(s.Foreign) > 0 {
					t.Errorf("drift %+v, repaired %d, foreign %+v", s.Drift, s.Repaired, s.Foreign)
				}
				w.end()
			})
		})
	}
}
