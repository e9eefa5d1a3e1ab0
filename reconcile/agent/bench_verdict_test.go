package agent

import (
	"context"
	"io/fs"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/spectest"
)

// stopwatch is a kernel that notes when it was told of each real server, and costs nothing else.
type stopwatch struct {
	mu   sync.Mutex
	live spec.State
	done []spec.Change // since live was worked out
	told told
}

// told is when a kernel was told of each real server last.
type told map[spec.DestKey]time.Time

func (t told) note(changes []spec.Change) {
	now := time.Now()
	for _, c := range changes {
		if k, ok := c.Key.(spec.DestKey); ok {
			t[k] = now
		}
	}
}

func (s *stopwatch) Observe(context.Context, reconcile.Depth) (spec.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := map[spec.Key]spec.Change{}
	for _, c := range s.done {
		last[c.Key] = c
	}
	s.live, s.done = reconcile.Advance(s.live, slices.Collect(maps.Values(last))), nil
	return s.live, nil
}

func (s *stopwatch) Apply(_ context.Context, changes []spec.Change) []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(changes) > 1000 { // the fleet, at the start
		s.live = reconcile.Advance(s.live, changes)
	} else {
		s.done = append(s.done, changes...)
	}
	s.told.note(changes)
	return make([]error, len(changes))
}

// checkedFleet is a fleet whose virtual servers check their real servers; it needs no interface.
func checkedFleet(services, perService int) fs.FS {
	out := fstest.MapFS{}
	for name, f := range spectest.Fleet(services, perService, 1) {
		text := connectionSync.ReplaceAllString(string(f.Data), "")
		text = strings.ReplaceAll(text, "forwarding = \"dr\"\n", "forwarding = \"dr\"\n    health_check \"tcp\" { interval = \"5s\" }\n")
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

var connectionSync = regexp.MustCompile(`(?s)  connection_sync \{.*?\n  \}\n`)

// From a verdict to the kernel, with 1,000 verdicts a second in the whole loop: its journal on a disk, its status published.
func BenchmarkVerdicts(b *testing.B) {
	for _, size := range []struct {
		name                 string
		services, perService int
	}{{"10000", 1000, 10}, {"40000", 4000, 10}} {
		b.Run(size.name, func(b *testing.B) {
			k := &stopwatch{told: told{}}
			verdictsASecond(b, checkedFleet(size.services, size.perService), 1000, k, k.told)
		})
	}
}

// verdictsASecond measures until the kernel was told, which told has once the agent has ended.
func verdictsASecond(b *testing.B, fleet fs.FS, rate int, k reconcile.Target, told told) {
	s := &shelf{files: map[string]fs.FS{id("a"): fleet}}
	v, dir, loader := newVerdicts(), b.TempDir(), spec.NewLoader()
	a, err := Open(Config{Director: "c000a", Folder: dir, Program: "bench", Poll: time.Minute, Look: 10 * time.Second, Resync: time.Minute, AnyHistory: true}, Parts{
		Source: s, Target: k, VRRP: newElection(), Hold: func(...spec.SysctlKey) {}, Check: policies.Check, Notify: func(string) {}, Log: slog.New(slog.DiscardHandler), Health: v,
		Load:    func(f fs.FS) (*spec.Fleet, hcl.Diagnostics) { out, _, diags := loader.Load(f); return out, diags },
		Journal: func() (Journal, error) { return journal.Open(dir+"/journal", time.Now) },
	})
	if err != nil {
		b.Fatal(err)
	}
	s.repo.commit("a", "", "")
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	for a.Status().Applied == nil || a.Status().Phase != spec.Idle {
		time.Sleep(10 * time.Millisecond) // of a benchmark, until the fleet stands
	}
	keys := keysByCheck(a.held.View)
	said := map[spec.DestKey]time.Time{}
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	b.ResetTimer()
	for i := range b.N {
		<-tick.C
		c := v.checks[i*7919%len(v.checks)]
		state := spec.CheckDown
		if i/len(v.checks)%2 == 1 {
			state = spec.CheckUp
		}
		said[keys[c]] = time.Now()
		v.mu.Lock()
		v.news = append(v.news, spec.Verdict{Check: c, State: state, Weight: -1})
		v.mu.Unlock()
		select {
		case v.changed <- struct{}{}:
		default:
		}
	}
	b.StopTimer()
	stop()
	if err := <-ended; err != nil {
		b.Error(err)
	}
	var took []time.Duration
	for key, at := range said {
		if by, ok := told[key]; ok {
			took = append(took, by.Sub(at))
		}
	}
	slices.Sort(took)
	if len(took) < len(said)*99/100 {
		b.Fatalf("%d of %d verdicts reached the kernel", len(took), len(said))
	}
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
	if err := a.Close(); err != nil {
		b.Error(err)
	}
}

// keysByCheck are the real servers by their checks: each has its own.
func keysByCheck(v *spec.View) map[spec.Check]spec.DestKey {
	out := map[spec.Check]spec.DestKey{}
	for _, vs := range v.Clusters[0].VirtualServers {
		for k := range vs.Def.EachKey() {
			for i := range vs.Def.RealServers {
				r := &vs.Def.RealServers[i]
				out[vs.Def.Checks(r, k)[0]] = r.Key(k)
			}
		}
	}
	return out
}
