package vrrp

import (
	"fmt"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/bench"
)

// short is a duration with three digits: "3.62 s", "45.1 ms", "-120 µs".
func short(d time.Duration) string {
	switch a := d.Abs(); {
	case a >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case a >= 100*time.Millisecond:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	case a >= 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	case a >= time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.0f µs", float64(d)/1e3)
}

// spread is "3.62 s (3.61 s … 3.64 s)".
func spread(s bench.Sample) string {
	if len(s) == 0 {
		return "not measured"
	}
	return fmt.Sprintf("%s (%s … %s)", short(s.Median()), short(s.Min()), short(s.Max()))
}

// megabytes are of 10^6 bytes.
func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
