package spec_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/spectest"
)

func lines(fleet fstest.MapFS) int {
	n := 0
	for _, f := range fleet {
		n += bytes.Count(f.Data, []byte{'\n'})
	}
	return n
}

func BenchmarkLoadCold(b *testing.B) {
	for _, clusters := range []int{1, 100} {
		b.Run(fmt.Sprintf("clusters=%d", clusters), func(b *testing.B) {
			fleet := spectest.Fleet(2630, 10, clusters)
			b.ReportAllocs()
			for b.Loop() {
				if f, _, diags := spec.LoadFS(fleet); f == nil {
					b.Fatal(diags)
				}
			}
			b.ReportMetric(float64(lines(fleet)), "lines")
		})
	}
}

func BenchmarkLoadOneWeight(b *testing.B) {
	for _, clusters := range []int{1, 100} {
		b.Run(fmt.Sprintf("clusters=%d", clusters), func(b *testing.B) {
			fleet := spectest.Fleet(4000, 10, clusters)
			changed := spectest.Change(fleet, fmt.Sprintf("cluster%03d.hcl", clusters/2), "weight = 7\n", "weight = 777\n")
			l := spec.NewLoader()
			_, _, _ = l.Load(newTree(fleet))
			both := []fs.FS{newTree(changed), newTree(fleet)}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				if f, _, diags := l.Load(both[i%2]); f == nil {
					b.Fatal(diags)
				}
				i++
			}
		})
	}
}

func view(b testing.TB, services, perService int) spec.View {
	f, _, diags := spec.LoadFS(spectest.Fleet(services, perService, 1))
	if f == nil {
		b.Fatal(diags)
	}
	v, _ := f.Director("c000a")
	return v
}

func BenchmarkEncodeView(b *testing.B) {
	v := view(b, 4000, 10)
	b.ReportAllocs()
	for b.Loop() {
		text, err := v.Encode()
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
	}
}

func BenchmarkDecodeView(b *testing.B) {
	text, err := view(b, 4000, 10).Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := spec.DecodeView(text); err != nil {
			b.Fatal(err)
		}
	}
}
