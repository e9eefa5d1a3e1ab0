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
)

var update = flag.Bool("update", false, "write the results of TestInterop into docs/vrrp.md")

// trial is a scenario for two nodes. The first part of its name, to the slash, is its line in docs/vrrp.md.
type trial struct {
	name     string
	setup    Setup
	lbsync   []bool // by place; keepalived otherwise
	scenario string
	also     func(*match) error // what else has to be so at the end; nil is nothing
}

// outcome is what came of a trial.
type outcome struct {
	trial   trial
	contest Contest
	err     error
}

// words are the secrets of all setups.
var words = map[string]string{"codis": "codis79"}

func (tr trial) run() (out outcome) {
	out.trial = tr
	m, err := newMatch(tr.setup, words, tr.lbsync...)
	if err != nil {
		out.err = err
		return out
	}
	defer func() { out.err = errors.Join(out.err, m.close()) }()
	if out.err = m.play(tr.scenario); out.err != nil {
		return out
	}
	if tr.also != nil {
		out.err = m.explain(tr.also(m))
	}
	out.contest = Worst(m.wire.Frames()[m.judged:], tr.setup.RouterID)
	if out.contest.Adverts > 1 {
		out.err = errors.Join(out.err, m.explain(fmt.Errorf("two owners: %d adverts in %s", out.contest.Adverts, out.contest.For)))
	}
	return out
}

// atOnce is how many trials run beside each other; they wait nearly all the time.
const atOnce = 48

// All trials run beside each other, whatever -parallel says: one after the other they would take half an hour.
func TestInterop(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: it makes network namespaces")
	}
	if keepalivedProgram == "" {
		t.Skip("needs keepalived: apt-get install keepalived")
	}
	if _, err := lbsyncProgram(); err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(switchings(), duels(), unnoticed(), moves(), ties(), refusals())
	done, slots := make(chan outcome, len(all)), make(chan struct{}, atOnce)
	go func() {
		for _, tr := range all {
			slots <- struct{}{}
			go func() {
				done <- tr.run()
				<-slots
			}()
		}
	}()
	var outcomes []outcome
	for range all {
		o := <-done
		outcomes = append(outcomes, o)
		t.Run(o.trial.name, func(t *testing.T) {
			if o.err != nil {
				t.Fatal(o.err)
			}
		})
	}
	if *update && !t.Failed() {
		writeMatrix(t, all, outcomes)
	}
}

const page, matrixBegin, matrixEnd = "../../../docs/vrrp.md", "<!-- matrix -->\n", "<!-- end of matrix -->"

func writeMatrix(t *testing.T, all []trial, outcomes []outcome) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), matrixBegin)
	_, after, closed := strings.Cut(rest, matrixEnd)
	if !found || !closed {
		t.Fatalf("%s has no markers for the matrix", page)
	}
	if err := os.WriteFile(page, []byte(before+matrixBegin+matrix(all, outcomes)+matrixEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// matrix has a line for each group of trials, in their order.
func matrix(all []trial, outcomes []outcome) string {
	var b strings.Builder
	b.WriteString("| trials | adverts every | as they should end | longest time with two owners |\n|---|---|---|---|\n")
	for len(all) > 0 {
		group, n := all[0].group(), 0
		for n < len(all) && all[n].group() == group {
			n++
		}
		good, worst := 0, Contest{}
		for _, o := range outcomes {
			if o.trial.group() == group && o.err == nil {
				good++
				worst = longer(worst, o.contest)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %d of %d | %s |\n", group, all[0].setup.Interval, good, n, worst)
		all = all[n:]
	}
	return b.String()
}

func (tr trial) group() string {
	group, _, _ := strings.Cut(tr.name, "/")
	return group
}

func longer(a, b Contest) Contest {
	if b.For > a.For {
		return b
	}
	return a
}

func (c Contest) String() string {
	if c.Adverts == 0 {
		return "none"
	}
	return fmt.Sprintf("%d advert, %s", c.Adverts, c.For.Round(10*time.Microsecond))
}
