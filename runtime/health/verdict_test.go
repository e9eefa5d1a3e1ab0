package health

import (
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
	"pgregory.net/rapid"
)

// aCheck has an interval for each pace.
func aCheck(rise, fall uint32) spec.Check {
	return spec.Check{Kind: "tcp", Interval: 5 * time.Second, Timeout: time.Second, FastInterval: time.Second, DownInterval: 10 * time.Second, Jitter: 5 * time.Second, Rise: rise, Fall: fall}
}

const noon = instant(1_800_000_000_000_000_000)

// In a case + and - are results. After it stand the state, and which interval follows: n(ormal), f(ast) or d(own).
func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		begin   spec.CheckState
		results string
		state   spec.CheckState
		pace    rune
	}{
		{spec.CheckUnknown, "", spec.CheckUnknown, 'n'},
		{spec.CheckUnknown, "+", spec.CheckUp, 'n'},
		{spec.CheckUnknown, "-", spec.CheckUnknown, 'f'},
		{spec.CheckUnknown, "--", spec.CheckUnknown, 'f'},
		{spec.CheckUnknown, "---", spec.CheckDown, 'd'},
		{spec.CheckUnknown, "--+", spec.CheckUp, 'n'},
		{spec.CheckUp, "", spec.CheckUp, 'n'},
		{spec.CheckUp, "-", spec.CheckUp, 'f'},
		{spec.CheckUp, "--+", spec.CheckUp, 'n'},
		{spec.CheckUp, "--+--", spec.CheckUp, 'f'},
		{spec.CheckUp, "---", spec.CheckDown, 'd'},
		{spec.CheckDown, "", spec.CheckDown, 'n'},
		{spec.CheckDown, "-", spec.CheckDown, 'd'},
		{spec.CheckDown, "+", spec.CheckDown, 'f'},
		{spec.CheckDown, "+-", spec.CheckDown, 'd'},
		{spec.CheckDown, "++", spec.CheckUp, 'n'},
		{spec.CheckDown, "+-+", spec.CheckDown, 'f'},
	} {
		check, j := aCheck(2, 3), judge{state: c.begin}
		for _, r := range c.results {
			before := j.state
			if turned := j.take(&check, r == '+', noon); turned != (j.state != before) {
				t.Errorf("%s %s: turned %v from %s to %s", c.begin, c.results, turned, before, j.state)
			}
		}
		want := map[rune]pace{'n': {5 * time.Second, true}, 'f': {time.Second, false}, 'd': {10 * time.Second, false}}[c.pace]
		if got := j.pace(&check); j.state != c.state || got != want {
			t.Errorf("%s %s: got %s and %v, want %s and %v", c.begin, c.results, j.state, got, c.state, want)
		}
	}
}

// A check that falls again and again takes twice the successes each time, and forgets that in quiet times.
func TestFlapping(t *testing.T) {
	check, j, now := aCheck(2, 1), judge{state: spec.CheckUp}, noon
	rises := func() uint32 {
		for n := uint32(1); ; n++ {
			if now = now.add(time.Second); j.take(&check, true, now) {
				return n
			}
		}
	}
	for i, want := range []uint32{2, 4, 8, 16, 32, 32, 32} {
		j.take(&check, false, now)
		if got := rises(); got != want {
			t.Errorf("fall %d: came up after %d successes, want %d", i+1, got, want)
		}
	}
	for i, want := range []uint32{32, 16, 8, 4, 2, 2} {
		if got := j.rise(&check, j.flaps.last.add(time.Duration(i)*leastWindow)); got != want {
			t.Errorf("after %d quiet windows: %d successes make it up, want %d", i, got, want)
		}
	}
	now = j.flaps.last.add(2 * leastWindow)
	j.take(&check, false, now)
	if got := rises(); got != 8 {
		t.Errorf("falling after two quiet windows: %d successes make it up, want 8: they are forgotten step by step", got)
	}
}

// While it is damped, a check that succeeds is not probed faster than usual for what is beyond Rise.
func TestDampedPace(t *testing.T) {
	check := aCheck(2, 1)
	j := judge{state: spec.CheckDown, flaps: flaps{last: noon, doubled: 3}}
	for n := 1; n < 16; n++ {
		if j.take(&check, true, noon) {
			t.Fatalf("up after %d successes, want 16", n)
		}
		if got := j.pace(&check); got.grid != (n >= 2) {
			t.Errorf("after %d successes: %v", n, got)
		}
	}
}

// Whatever comes: a verdict turns only on a result that says the same, up takes Rise to 16 times Rise successes in a row (one where
// there was none yet), and down takes Fall failures in a row.
func TestVerdictProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		check := aCheck(rapid.Uint32Range(1, 4).Draw(t, "rise"), rapid.Uint32Range(1, 4).Draw(t, "fall"))
		j := judge{state: rapid.SampledFrom([]spec.CheckState{spec.CheckUnknown, spec.CheckUp, spec.CheckDown}).Draw(t, "state")}
		now, row, last := noon, uint32(0), false
		for range 200 {
			ok := rapid.Bool().Draw(t, "ok")
			if ok != last {
				row = 0
			}
			last = ok
			row++
			now = now.add(time.Duration(rapid.IntRange(1, 600).Draw(t, "seconds")) * time.Second)
			before, rise := j.state, j.rise(&check, now)
			if rise < check.Rise || rise > 16*check.Rise {
				t.Fatalf("rise is %d of %d", rise, check.Rise)
			}
			turned := j.take(&check, ok, now)
			want := before
			switch {
			case ok && before == spec.CheckUnknown, ok && before == spec.CheckDown && row >= rise:
				want = spec.CheckUp
			case !ok && before != spec.CheckDown && row >= check.Fall:
				want = spec.CheckDown
			}
			if j.state != want || turned != (want != before) {
				t.Fatalf("%s, %v the %dth time: got %s (%v), want %s", before, ok, row, j.state, turned, want)
			}
		}
	})
}
