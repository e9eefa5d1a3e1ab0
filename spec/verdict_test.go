package spec

import (
	"testing"
	"time"
)

func TestFirstVerdict(t *testing.T) {
	const s = time.Second
	for _, tc := range []struct {
		name string
		c    Check
		want time.Duration
	}{
		{"as it is if nothing is written", Check{Interval: 5 * s, Timeout: 3 * s, FastInterval: 5 * s, Jitter: 5 * s, Fall: 3}, 18 * s},
		{"faster while it forms", Check{Interval: 60 * s, Timeout: s, FastInterval: 2 * s, Jitter: s, Fall: 5}, 10 * s},
		{"one failure", Check{Interval: 5 * s, Timeout: 3 * s, FastInterval: 5 * s, Jitter: 5 * s, Fall: 1}, 8 * s},
		{"a program that outlasts its interval", Check{Kind: "exec", Interval: s, Timeout: 10 * s, FastInterval: s, Jitter: s, Fall: 3}, 31 * s},
	} {
		if got := tc.c.FirstVerdict(); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestUnjudgedText(t *testing.T) {
	for want, u := range map[string]Unjudged{
		"": {},
		"1 check that began with it has no verdict yet: a":                                                               {Checks: 1, Some: []string{"a"}, Takes: time.Second},
		"9 checks that began with it have no verdict yet: a, b and 7 more; one may take 2s, longer than the trial of 1s": {Checks: 9, Some: []string{"a", "b"}, Takes: 2 * time.Second},
	} {
		if got := u.Text(time.Second); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
