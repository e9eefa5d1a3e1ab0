package kerneltest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// Subject is what the suite examines. Where it is a fmt.Stringer too, it is an oracle of its own: the lines of ipvsadm -Sn, which must
// say what is observed.
type Subject interface {
	ObserveFull(ctx context.Context) (spec.State, error)
	ObserveFast(ctx context.Context, last spec.State) (spec.State, error)
	Apply(ctx context.Context, changes []spec.Change) []error
	Stats(ctx context.Context, services ...spec.ServiceKey) (spec.Stats, error)
	Close() error
}

// Interfaces are what the kernel under test must have: eth0 is fit for every daemon, the others each lack something.
var Interfaces = []kernel.Interface{
	{Name: "eth0", Up: true, MTU: 1500, IPv4: true, IPv6: true},
	{Name: "bare0", Up: true, MTU: 1500},
	{Name: "down0", MTU: 1500},
	{Name: "small0", Up: true, MTU: 1000, IPv4: true},
}

// Conformance is what a kernel has to do. open gives an empty one, in a namespace where lo is up and the Interfaces are, and is called
// once for each part.
func Conformance(t *testing.T, open func(t *testing.T) Subject) {
	parts := []struct {
		name string
		run  func(*rig)
	}{
		{"schedulers", schedulersPart}, {"service settings", servicesPart}, {"real servers", destsPart}, {"edits in place", editsPart},
		{"errors", errorsPart}, {"missing modules", modulesPart}, {"order", orderPart}, {"large batches", batchesPart}, {"daemons", daemonsPart},
		{"daemon errors", daemonErrorsPart}, {"timeouts", timeoutsPart}, {"sysctls", sysctlsPart}, {"counters", countersPart},
		{"trash", trashPart}, {"cancelled", cancelledPart}, {"random states", randomPart},
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) {
			k := open(t)
			t.Cleanup(func() {
				if err := k.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			r := &rig{T: t, k: k}
			r.last = r.full()
			p.run(r)
		})
	}
}

// rig drives one kernel. After every step it sees to it that the fast read says what the full one says.
type rig struct {
	*testing.T
	k    Subject
	last spec.State
}

func (r *rig) full() spec.State {
	r.Helper()
	st, err := r.k.ObserveFull(r.Context())
	if err != nil {
		r.Fatalf("observe: %v", err)
	}
	return st
}

// apply makes the changes and checks what holds after any of them.
func (r *rig) apply(changes ...spec.Change) []error {
	r.Helper()
	errs := r.k.Apply(r.Context(), changes)
	if len(errs) != len(changes) {
		r.Fatalf("%d errors for %d changes", len(errs), len(changes))
	}
	full := r.full()
	fast, err := r.k.ObserveFast(r.Context(), advance(r.last, changes, errs))
	if err != nil {
		r.Fatalf("observe fast: %v", err)
	}
	if d := Diff(full, fast); d != "" {
		r.Fatalf("the fast read differs from the full one (-full +fast):\n%s", d)
	}
	r.last = full
	return errs
}

func (r *rig) oracle(st spec.State) {
	r.Helper()
	s, ok := r.k.(fmt.Stringer)
	if !ok {
		return
	}
	st.Daemons = nil
	if d := cmp.Diff(lines(s.String()), lines(Print(st))); d != "" {
		r.Fatalf("observed is not what ipvsadm says (-ipvsadm +observed):\n%s", d)
	}
}

// unsaid is what ipvsadm -S tells otherwise or not: it calls local forwarding -g, has marks with a sign, and leaves thresholds out.
var unsaid = strings.NewReplacer(" -l -w", " -g -w", " -f 4294967295", " -f -1")

var thresholds = regexp.MustCompile(` -[xy] \d+`)

func lines(s string) []string {
	out := strings.Split(thresholds.ReplaceAllString(unsaid.Replace(s), ""), "\n")
	out = slices.DeleteFunc(out, func(l string) bool { return strings.TrimSpace(l) == "" || strings.HasPrefix(l, "--start-daemon") })
	slices.Sort(out)
	return out
}

// do is apply without failures.
func (r *rig) do(changes ...spec.Change) {
	r.Helper()
	for i, err := range r.apply(changes...) {
		if err != nil {
			r.Fatalf("change %d: %v", i, err)
		}
	}
}

// hold applies what leads to the wanted services, real servers and daemons, and expects to read exactly them back.
func (r *rig) hold(want spec.State) {
	r.Helper()
	r.do(Changes(r.last, want)...)
	if d := Diff(owned(want), owned(r.last)); d != "" {
		r.Fatalf("observed is not what was applied (-want +observed):\n%s", d)
	}
	r.oracle(r.last)
}

// owned is what hold compares: timeouts and sysctls are always there.
func owned(st spec.State) spec.State {
	return spec.State{Services: st.Services, Dests: st.Dests, Daemons: st.Daemons}
}

// Diff shows what differs between two states, "" if nothing does.
func Diff(a, b spec.State) string {
	return cmp.Diff(a, b, cmpopts.EquateEmpty(), cmpopts.EquateComparable(spec.ServiceKey{}, spec.DestKey{}, spec.Daemon{}))
}
