package agent

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/source"
	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/spectest"
)

// paper is a kernel that costs nothing: it holds what it is told, and says when it was told first.
type paper struct {
	live  spec.State
	first time.Time
}

func (p *paper) Observe(context.Context, reconcile.Depth) (spec.State, error) { return p.live, nil }

func (p *paper) Apply(_ context.Context, changes []spec.Change) []error {
	p.live = reconcile.Advance(p.live, changes)
	p.first = time.Now()
	return make([]error, len(changes))
}

// shelf is a mirror of a few trees.
type shelf struct {
	repo
	files map[string]fs.FS
}

func (s *shelf) Tree(id string) (fs.FS, error) { return s.files[id], nil }

// large is an agent with a fleet of 4,000 services × 10 real servers, and another commit with one weight changed.
func large(tb testing.TB) (*Agent, *paper, [2]spec.Commit) {
	fleet := spectest.Fleet(4000, 10, 1)
	s := &shelf{files: map[string]fs.FS{id("a"): fleet, id("b"): spectest.Change(fleet, "cluster000.hcl", "weight = 7\n", "weight = 777\n")}}
	k, loader, dir := &paper{}, spec.NewLoader(), tb.TempDir()
	cfg := Config{Director: "c000a", Folder: dir, Program: "bench", Poll: time.Minute, Look: 10 * time.Second, Resync: time.Minute, AnyHistory: true}
	a, err := Open(cfg, Parts{
		Source: s, Target: k, VRRP: newElection(), Hold: func(...spec.SysctlKey) {}, Check: policies.Check, Notify: func(string) {}, Log: slog.New(slog.DiscardHandler),
		Load:    func(f fs.FS) (*spec.Fleet, hcl.Diagnostics) { out, _, diags := loader.Load(f); return out, diags },
		Journal: func() (Journal, error) { return journal.Open(dir+"/journal", time.Now) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := a.Close(); err != nil {
			tb.Error(err)
		}
	})
	commits := [2]spec.Commit{{ID: id("a")}, {ID: id("b")}}
	a.arrived(tb.Context(), arrival{commit: source.Commit{ID: id("a")}})
	if a.held.Commit.ID != id("a") || len(k.live.Dests) != 40000 {
		tb.Fatalf("%d real servers, refusal %+v", len(k.live.Dests), a.refusal)
	}
	return a, k, commits
}

// From a commit that was fetched to the kernel's answer, one weight changed of 40,000; and until everything after that is done too.
func BenchmarkOneWeight(b *testing.B) {
	a, k, commits := large(b)
	a.rest()
	var until time.Duration
	n := 0
	for b.Loop() {
		n++
		began := time.Now()
		a.arrived(b.Context(), arrival{commit: source.Commit{ID: commits[n%2].ID}})
		until += k.first.Sub(began)
		a.rest()
	}
	b.ReportMetric(float64(until.Microseconds())/1000/float64(n), "ms-to-kernel")
}

func BenchmarkStartFromLastKnownGood(b *testing.B) {
	a, k, _ := large(b)
	full := k.live
	for b.Loop() {
		b.StopTimer()
		k.live = spec.State{}
		b.StartTimer()
		a.start(b.Context())
	}
	if len(k.live.Dests) != len(full.Dests) {
		b.Fatalf("%d real servers", len(k.live.Dests))
	}
}

// The resident size after settling, in a process that did nothing else: go test -run - -bench Resident -benchtime 1x.
func BenchmarkResident(b *testing.B) {
	a, _, commits := large(b)
	for b.Loop() {
		a.arrived(b.Context(), arrival{commit: source.Commit{ID: commits[1].ID}})
		a.rest()
	}
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); f[0] == "VmRSS:" || f[0] == "VmHWM:" {
			b.ReportMetric(float64(number(f[1]))/1024, "MB-"+strings.Trim(f[0], "Vm:"))
		}
	}
}
