package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// runReconcile measures, within this process, filling an empty kernel and then finding that there is nothing to do.
func runReconcile(ctx context.Context, view spec.View, into *Idle) error {
	return emptyKernel(func() error {
		k, err := kernel.Open(kernel.Options{Modprobe: true})
		if err != nil {
			return err
		}
		want, _ := reconcile.Want(view, spec.Facts{})
		apply, last, err := fill(ctx, k, want)
		if err != nil {
			return errors.Join(err, k.Close())
		}
		fast, err := nothing(want, func() (spec.State, error) { return k.ObserveFast(ctx, last) })
		if err != nil {
			return errors.Join(err, k.Close())
		}
		full, err := nothing(want, func() (spec.State, error) { return k.ObserveFull(ctx) })
		into.Apply, into.Fast, into.Full = append(into.Apply, apply), append(into.Fast, fast), append(into.Full, full)
		return errors.Join(err, k.Close())
	})
}

// loadView is what lb1 gets from the fleet in a folder.
func loadView(fleet string) (spec.View, error) {
	f, _, diags := spec.LoadFS(os.DirFS(filepath.Join(fleet, "tree")))
	if diags.HasErrors() {
		return spec.View{}, fmt.Errorf("load the fleet: %w", diags)
	}
	view, ok := f.Director("lb1")
	if !ok {
		return spec.View{}, errors.New("load the fleet: it has no director lb1")
	}
	return view, nil
}

// fill makes the kernel hold what is wanted and returns how long the apply alone took, and what the kernel holds then.
func fill(ctx context.Context, k *kernel.Kernel, want spec.State) (time.Duration, spec.State, error) {
	live, err := k.ObserveFull(ctx)
	if err != nil {
		return 0, spec.State{}, err
	}
	plan := reconcile.NewPlan(reconcile.PlanInput{Want: want, Live: live})
	begin := time.Now()
	out := reconcile.Execute(ctx, target{k}, plan, func(reconcile.StepEvent) error { return nil })
	took := time.Since(begin)
	if !out.Whole() {
		cause := out.Err
		if len(out.Failed) > 0 {
			cause = out.Failed[0].Err
		}
		return 0, spec.State{}, fmt.Errorf("fill the kernel: %d changes failed, %d were skipped: %w", len(out.Failed), len(out.Skipped), cause)
	}
	last, err := k.ObserveFull(ctx)
	return took, last, err
}

// nothing is the time of one reconcile that finds nothing to do; anything else is an error. What is wanted is known: an agent at rest
// has it from the commit it holds.
func nothing(want spec.State, observe func() (spec.State, error)) (time.Duration, error) {
	begin := time.Now()
	live, err := observe()
	if err != nil {
		return 0, err
	}
	plan := reconcile.NewPlan(reconcile.PlanInput{Want: want, Prior: &want, Live: live})
	took := time.Since(begin)
	if n := plan.Changes(); n != 0 {
		return 0, fmt.Errorf("reconcile with nothing to do: the plan has %d changes", n)
	}
	return took, nil
}

// target lets reconcile write this kernel.
type target struct{ *kernel.Kernel }

func (t target) Observe(ctx context.Context, _ reconcile.Depth) (spec.State, error) {
	return t.ObserveFull(ctx)
}
