package agent

import (
	"context"
	"testing"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// ipvs is the kernel, which notes when it held what it was told.
type ipvs struct {
	*kernel.Kernel
	last spec.State
	told told
}

func (k *ipvs) Observe(ctx context.Context, d reconcile.Depth) (_ spec.State, err error) {
	if d == reconcile.Fast {
		k.last, err = k.ObserveFast(ctx, k.last)
	} else {
		k.last, err = k.ObserveFull(ctx)
	}
	return k.last, err
}

func (k *ipvs) Apply(ctx context.Context, changes []spec.Change) []error {
	errs := k.Kernel.Apply(ctx, changes)
	k.told.note(changes)
	return errs
}

// From a verdict until IPVS holds it.
func BenchmarkVerdictsOnIPVS(b *testing.B) {
	k, err := kernel.Open(kernel.Options{Modprobe: true})
	if err != nil {
		b.Skipf("needs IPVS: %v", err)
	}
	b.Cleanup(func() { _ = k.Close() })
	t := &ipvs{Kernel: k, told: told{}}
	verdictsASecond(b, checkedFleet(1000, 10), 1000, t, t.told)
}
