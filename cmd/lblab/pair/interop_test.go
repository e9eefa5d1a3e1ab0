package pair

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

var update = flag.Bool("update", false, "write the results of TestInterop into docs/vrrp.md")

// variants are the ways of speaking VRRP that lbsync and keepalived share.
var variants = []struct {
	name  string
	setup Setup
}{
	{"version 2", Setup{Version: 2, Family: spec.IPv4, Interval: time.Second}},
	{"version 2, PASS", Setup{Version: 2, Family: spec.IPv4, Interval: time.Second, Secret: "codis"}},
	{"version 2, unicast", Setup{Version: 2, Family: spec.IPv4, Interval: time.Second, Unicast: true}},
	{"version 3, checksum pseudo_header", Setup{Version: 3, Family: spec.IPv4, Interval: 100 * time.Millisecond}},
	{"version 3, unicast, checksum pseudo_header", Setup{Version: 3, Family: spec.IPv4, Interval: 100 * time.Millisecond, Unicast: true}},
	{"version 3, IPv6", Setup{Version: 3, Family: spec.IPv6, Interval: 100 * time.Millisecond}},
}

// duel is one cell of the matrix. lbsync is a, keepalived is b.
type duel struct {
	variant                      int
	lbsyncHigher, preempt, bLast bool
	fault                        string // stop or kill: what happens to the owner
}

func (d duel) name() string {
	higher, order, preempt := "keepalived higher", "keepalived first", "nopreempt"
	if d.lbsyncHigher {
		higher = "lbsync higher"
	}
	if d.bLast {
		order = "lbsync first"
	}
	if d.preempt {
		preempt = "preempt"
	}
	return strings.Join([]string{variants[d.variant].name, higher, order, preempt, d.fault}, "/")
}

func (d duel) setup() Setup {
	s := variants[d.variant].setup
	s.Name, s.RouterID, s.Preempt, s.Instances, s.Addresses, s.Priorities = "interop", 51, d.preempt, 1, 2, []uint8{100, 150}
	if d.lbsyncHigher {
		s.Priorities = []uint8{150, 100}
	}
	return s
}

// scenario is: one starts, the other comes, the owner goes, and comes back.
func (d duel) scenario() string {
	first, second, higher := "b", "a", "b"
	if d.bLast {
		first, second = "a", "b"
	}
	if d.lbsyncHigher {
		higher = "a"
	}
	owner, other := first, second
	steps := []string{"start " + first, first + " owns", "start " + second}
	if d.preempt && higher == second {
		owner, other = second, first
		steps = append(steps, second+" owns")
	} else {
		steps = append(steps, first+" keeps")
	}
	steps = append(steps, d.fault+" "+owner, other+" owns", "start "+owner)
	if d.preempt && higher == owner {
		return strings.Join(append(steps, owner+" owns"), ", ")
	}
	return strings.Join(append(steps, other+" keeps"), ", ")
}

func duels() []duel {
	var out []duel
	yesNo := []bool{true, false}
	for v := range variants {
		for _, higher := range yesNo {
			for _, bLast := range yesNo {
				for _, preempt := range yesNo {
					for _, fault := range []string{"stop", "kill"} {
						out = append(out, duel{v, higher, preempt, bLast, fault})
					}
				}
			}
		}
	}
	return out
}

// outcome is what came of a duel.
type outcome struct {
	duel    duel
	contest Contest
	err     error
}

func (d duel) fight() (out outcome) {
	out.duel = d
	m, err := newMatch(d.setup(), words, true, false)
	if err != nil {
		out.err = err
		return out
	}
	defer func() { out.err = errors.Join(out.err, m.close()) }()
	if out.err = m.play(d.scenario()); out.err != nil {
		return out
	}
	frames := m.wire.Frames()
	out.contest = Worst(frames, d.setup().RouterID)
	if out.contest.Adverts > 1 {
		out.err = m.explain(fmt.Errorf("two owners: %d adverts in %s", out.contest.Adverts, out.contest.For))
	}
	if resigned := slices.ContainsFunc(frames, func(f Frame) bool { return f.Kind == Advert && f.Priority == 0 }); resigned != (d.fault == "stop") {
		out.err = errors.Join(out.err, fmt.Errorf("priority 0 on the wire: %t", resigned))
	}
	return out
}

// atOnce is how many duels run beside each other; they wait nearly all the time.
const atOnce = 48

func TestInterop(t *testing.T) {
	needs(t)
	if _, err := lbsyncProgram(); err != nil {
		t.Fatal(err)
	}
	all := duels()
	done := make(chan outcome, len(all))
	slots := make(chan struct{}, atOnce)
	go func() {
		for _, d := range all {
			slots <- struct{}{}
			go func() {
				done <- d.fight()
				<-slots
			}()
		}
	}()
	var outcomes []outcome
	for range all {
		o := <-done
		outcomes = append(outcomes, o)
		t.Run(o.duel.name(), func(t *testing.T) {
			if o.err != nil {
				t.Fatal(o.err)
			}
		})
	}
	if *update && !t.Failed() {
		writeMatrix(t, outcomes)
	}
}

const page, matrixBegin, matrixEnd = "../../../docs/vrrp.md", "<!-- matrix -->\n", "<!-- end of matrix -->"

func writeMatrix(t *testing.T, outcomes []outcome) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), matrixBegin)
	_, after, closed := strings.Cut(rest, matrixEnd)
	if !found || !closed {
		t.Fatalf("%s has no markers for the matrix", page)
	}
	if err := os.WriteFile(page, []byte(before+matrixBegin+matrix(outcomes)+matrixEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func matrix(outcomes []outcome) string {
	var b strings.Builder
	b.WriteString("| spoken | adverts every | scenarios | with exactly one owner at each end | longest time with two owners |\n|---|---|---|---|---|\n")
	for v, variant := range variants {
		scenarios, good, worst := 0, 0, Contest{}
		for _, o := range outcomes {
			if o.duel.variant != v {
				continue
			}
			scenarios++
			if o.err == nil {
				good++
			}
			if o.contest.For > worst.For {
				worst = o.contest
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %s |\n", variant.name, variant.setup.Interval, scenarios, good, contested(worst))
	}
	return b.String()
}

func contested(c Contest) string {
	if c.Adverts == 0 {
		return "none seen"
	}
	return fmt.Sprintf("%d advert, %s", c.Adverts, c.For.Round(10*time.Microsecond))
}
