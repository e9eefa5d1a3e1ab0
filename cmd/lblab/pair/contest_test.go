package pair

import (
	"testing"
	"time"
)

// sequence is adverts a second apart: a letter is its node's, in lower case with priority 0.
func sequence(s string) []Frame {
	var out []Frame
	for i, c := range s {
		f := Frame{At: time.Unix(int64(i), 0), Kind: Advert, RouterID: 1, Priority: 100, Place: int(c - 'A')}
		if c >= 'a' {
			f.Place, f.Priority = int(c-'a'), 0
		}
		out = append(out, f)
	}
	return out
}

func TestOwnerAndContest(t *testing.T) {
	for _, c := range []struct {
		adverts string
		owner   int
		want    Contest
	}{
		{"", -1, Contest{}},
		{"AA", -1, Contest{}},
		{"AAA", 0, Contest{}},
		{"AAAa", -1, Contest{}},
		{"AAABBB", 1, Contest{}},
		{"AAAaBBB", 1, Contest{}},
		{"AAABABBB", 1, Contest{1, time.Second}},
		{"AAABAAA", 0, Contest{}}, // an intruder gives way at once: A was there all the time
		{"ABABABBB", 1, Contest{2, 3 * time.Second}},
		{"AAABBBAAABABBB", 1, Contest{1, time.Second}},
		{"AAABABAB", -1, Contest{}}, // not over: nobody owns, which is what the tests wait for
	} {
		frames := sequence(c.adverts)
		if got := Owner(frames, 1); got != c.owner {
			t.Errorf("%s: owner %d, want %d", c.adverts, got, c.owner)
		}
		if got := Worst(frames, 1); got != c.want {
			t.Errorf("%s: contest %v, want %v", c.adverts, got, c.want)
		}
	}
	if got := Owner(sequence("AAA"), 2); got != -1 {
		t.Errorf("adverts of another virtual router count: owner %d", got)
	}
}
