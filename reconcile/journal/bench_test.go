package journal_test

import (
	"fmt"
	"testing"

	"github.com/lbsync/lbsync/reconcile/journal"
)

func step(i int) journal.Record {
	return journal.Record{
		Event: journal.Step, Director: "lb1", Commit: fmt.Sprintf("%040d", i), Actor: "agent", Plan: fmt.Sprintf("sha256:%064d", i),
		Step: "real servers 2/5", Kind: "real server", Key: "tcp 192.0.2.1:80 198.51.100.7:8080", Before: "weight 1", After: "weight 3", Result: "ok",
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d_records", n), func(b *testing.B) {
			j, err := journal.Open(b.TempDir(), ticking())
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = j.Close() }()
			batch := make([]journal.Record, n)
			for i := range batch {
				batch[i] = step(i)
			}
			for b.Loop() {
				if _, err := j.Append(batch...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The figures are for one full segment of 16 MiB.
func BenchmarkSegment(b *testing.B) {
	dir := b.TempDir()
	j, err := journal.Open(dir, ticking())
	if err != nil {
		b.Fatal(err)
	}
	batch := make([]journal.Record, 3500)
	for i := range batch {
		batch[i] = step(i)
	}
	for range 10 {
		if _, err := j.Append(batch...); err != nil {
			b.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			j, err := journal.Open(dir, ticking())
			if err != nil {
				b.Fatal(err)
			}
			_ = j.Close()
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if r, err := journal.Verify(dir); err != nil || !r.OK() || r.Records != 35_000 {
				b.Fatal(r, err)
			}
		}
	})
	b.Run("newest_20", func(b *testing.B) {
		for b.Loop() {
			n := 0
			for _, err := range journal.Read(dir, journal.Filter{Newest: true, Limit: 20}) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != 20 {
				b.Fatal(n)
			}
		}
	})
	b.Run("read_all", func(b *testing.B) {
		for b.Loop() {
			for _, err := range journal.Read(dir, journal.Filter{}) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
