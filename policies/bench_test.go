package policies_test

import (
	"fmt"
	"testing"

	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/spectest"
)

func BenchmarkCheck(b *testing.B) {
	for _, clusters := range []int{1, 100} {
		b.Run(fmt.Sprintf("clusters=%d", clusters), func(b *testing.B) {
			fleet, _, diags := spec.LoadFS(spectest.Fleet(4000, 10, clusters))
			if fleet == nil {
				b.Fatal(diags)
			}
			prior, _ := fleet.Director("c000a")
			b.ReportAllocs()
			for b.Loop() {
				if diags := policies.Check(policies.Input{Fleet: fleet, Priors: []spec.View{prior}}).Diags; diags.HasErrors() {
					b.Fatal(diags)
				}
			}
		})
	}
}
