package reconcile

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/lbsync/lbsync/spec"
)

// Moment says whether a StepEvent stands before or after its step.
type Moment uint8

// The two moments.
const (
	Before Moment = iota
	After
)

// StepEvent tells of one step of a plan. Step holds the changes that are tried: those that were skipped are missing.
type StepEvent struct {
	Index  int // of the step in the plan
	Moment Moment
	Step   spec.Step
	Errors []error // After: one for each change of Step, nil where it was made
}

// Failure is a change that was not made, and why.
type Failure struct {
	Change spec.Change
	Err    error
}

// Outcome is what became of a plan. A change that is in none of its lists was not tried, because Err stopped the run.
type Outcome struct {
	Done    []spec.Change // in the order in which they were made
	Failed  []Failure
	Skipped []Failure // not tried, since what they depend on failed
	Err     error     // the end of the context, or an error of `on`
}

// Whole says whether every change was made.
func (o Outcome) Whole() bool { return o.Err == nil && len(o.Failed) == 0 && len(o.Skipped) == 0 }

// Execute runs the steps of a plan in order. A change that fails stops only what depends on it; the retry is a new plan. `on` is
// called before and after each step, and its error stops the run, as does the end of the context between two steps.
func Execute(ctx context.Context, t Target, p spec.Plan, on func(StepEvent) error) Outcome {
	r := run{target: t, on: on, unadded: map[spec.Key]bool{}, weakened: map[spec.ServiceKey]bool{}, announced: map[netip.Addr]bool{}}
	for i, s := range p.Steps {
		if r.out.Err = ctx.Err(); r.out.Err == nil {
			r.out.Err = r.step(ctx, i, s)
		}
		if r.out.Err != nil {
			break
		}
	}
	return r.out
}

// run is a plan being carried out, with the failures that later changes depend on.
type run struct {
	target    Target
	on        func(StepEvent) error
	unadded   map[spec.Key]bool        // services and instances that are missing
	weakened  map[spec.ServiceKey]bool // services whose real servers are not as planned
	announced map[netip.Addr]bool      // virtual addresses that could not be taken away
	out       Outcome
}

func (r *run) step(ctx context.Context, i int, s spec.Step) error {
	s.Changes = r.runnable(s)
	if len(s.Changes) == 0 {
		return nil
	}
	if err := r.on(StepEvent{Index: i, Moment: Before, Step: s}); err != nil {
		return err
	}
	errs := r.target.Apply(ctx, s.Changes)
	if len(errs) != len(s.Changes) {
		panic(fmt.Sprintf("a target returned %d results for %d changes", len(errs), len(s.Changes)))
	}
	for j, c := range s.Changes {
		r.record(c, errs[j])
	}
	return r.on(StepEvent{Index: i, Moment: After, Step: s, Errors: errs})
}

// runnable are the changes that nothing failed for; the others are put aside.
func (r *run) runnable(s spec.Step) []spec.Change {
	if len(r.out.Failed) == 0 {
		return s.Changes
	}
	var out []spec.Change
	for _, c := range s.Changes {
		if err := r.obstacle(s.Phase, c); err != nil {
			r.out.Skipped = append(r.out.Skipped, Failure{c, err})
		} else {
			out = append(out, c)
		}
	}
	return out
}

func (r *run) record(c spec.Change, err error) {
	if err == nil {
		r.out.Done = append(r.out.Done, c)
		return
	}
	r.out.Failed = append(r.out.Failed, Failure{c, err})
	switch k := c.Key.(type) {
	case spec.ServiceKey, spec.InstanceKey:
		if c.Action == spec.Add {
			r.unadded[k] = true
		}
	case spec.DestKey:
		r.weakened[k.Service] = true
	case spec.AddressKey:
		if c.Action == spec.Remove {
			r.announced[k.Prefix.Addr()] = true
		}
	}
}
