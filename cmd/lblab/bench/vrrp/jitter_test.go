package vrrp

import (
	"testing"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/pair"
)

// adverts are those of virtual router 1, at milliseconds from an origin.
func adverts(ms ...float64) []pair.Frame {
	var out []pair.Frame
	for _, at := range ms {
		out = append(out, pair.Frame{Kind: pair.Advert, RouterID: 1, Priority: 200, At: at0(at)})
	}
	return out
}

func at0(ms float64) time.Time { return time.Unix(1000, int64(ms*1e6)) }

func TestJitterLeavesStallsOut(t *testing.T) {
	s := pair.Setup{RouterID: 1, Interval: 10 * time.Millisecond, Instances: 1}
	frames := adverts(-10, 0, 10.2, 20, 34, 40, 50, 70)
	frames = append(frames, pair.Frame{Kind: pair.Announce, At: at0(45)}, pair.Frame{Kind: pair.Advert, RouterID: 2, At: at0(46)})
	stalls := []Stall{{at0(21), at0(22)}, {at0(30), at0(33.9)}}
	got := measureJitter(frames, s, at0(0), at0(100), stalls)
	// Left out: what began before the measurement, the stalled 20..34 and the short 34..40 after it. The last missed its slot.
	want := Jitter{Interval: s.Interval, Seen: 4, Stalled: 2, Skipped: 1, P50: 200 * time.Microsecond, P99: 10 * time.Millisecond, P999: 10 * time.Millisecond, Max: 10 * time.Millisecond}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDuring(t *testing.T) {
	stalls := []Stall{{at0(10), at0(40)}, {at0(20), at0(21)}}
	for _, c := range []struct {
		from, to float64
		want     bool
	}{{0, 9, false}, {0, 11, true}, {22, 30, true}, {39, 50, true}, {41, 50, false}} {
		if got := during(stalls, at0(c.from), at0(c.to)); got != c.want {
			t.Errorf("%v to %v: %t, want %t", c.from, c.to, got, c.want)
		}
	}
}

func TestQuantile(t *testing.T) {
	var sorted []time.Duration
	for i := range 1000 {
		sorted = append(sorted, time.Duration(i))
	}
	for q, want := range map[float64]time.Duration{0.5: 500, 0.99: 990, 0.999: 999, 1: 999} {
		if got := quantile(sorted, q); got != want {
			t.Errorf("quantile %v is %d, want %d", q, got, want)
		}
	}
	if quantile(nil, 0.5) != 0 {
		t.Error("quantile of nothing is not 0")
	}
}

func TestTransitionsAreCounted(t *testing.T) {
	frames := adverts(-100, 0, 100, 200, 650, 700, 800)
	frames[4].Place = 1
	got := count(frames, at0(-1), at0(900))
	if got.Transitions != 2 || got.Longest != 450*time.Millisecond {
		t.Errorf("got %d transitions, longest %s; want there and back, 450ms", got.Transitions, got.Longest)
	}
}
