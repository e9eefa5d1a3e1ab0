package agent

import (
	"testing"
	"time"
)

func TestAgenda(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var a agenda
	a[look] = now.Add(3 * time.Second)
	a[fetch] = now.Add(2 * time.Second)
	if got, at := a.next(); got != fetch || !at.Equal(a[fetch]) {
		t.Errorf("next is %d at %v", got, at)
	}
	a.sooner(look, now.Add(2*time.Second))
	a.sooner(look, now.Add(9*time.Second))
	a.sooner(retry, now.Add(9*time.Second))
	if got, _ := a.next(); got != look {
		t.Errorf("of two that are due together next is %d, want the first, %d", got, look)
	}
	a[look], a[fetch] = time.Time{}, time.Time{}
	if got, _ := a.next(); got != retry {
		t.Errorf("next is %d", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("an empty agenda does not panic")
		}
	}()
	new(agenda).next()
}

func TestNextPoll(t *testing.T) {
	base := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	for _, c := range []struct{ after, phase, want time.Duration }{
		{0, 10 * time.Second, 10 * time.Second},
		{10 * time.Second, 10 * time.Second, 70 * time.Second},
		{9 * time.Second, 10 * time.Second, 10 * time.Second},
		{59 * time.Second, 0, 60 * time.Second},
	} {
		if got := nextPoll(base.Add(c.after), time.Minute, c.phase).Sub(base); got != c.want {
			t.Errorf("after %v at phase %v: %v, want %v", c.after, c.phase, got, c.want)
		}
	}
}

func TestBackoff(t *testing.T) {
	for _, c := range []struct {
		n           int
		least, most time.Duration
	}{
		{1, 500 * time.Millisecond, time.Second}, {2, time.Second, 2 * time.Second}, {5, 8 * time.Second, 16 * time.Second},
		{9, 128 * time.Second, 256 * time.Second}, {10, 150 * time.Second, 300 * time.Second}, {1 << 40, 150 * time.Second, 300 * time.Second},
	} {
		if least, most := backoff(c.n, 0), backoff(c.n, 1); least != c.least || most != c.most {
			t.Errorf("failure %d: %v to %v, want %v to %v", c.n, least, most, c.least, c.most)
		}
	}
}

// A clock that is set past an end ends it: nothing of the monotonic clock may be in a comparison with it.
func TestEndsGoByTheWallClock(t *testing.T) {
	if end := until(time.Hour); end != end.Round(0) {
		t.Errorf("%v compares by the monotonic clock", end)
	}
	if over(until(time.Hour)) || !over(time.Now().Round(0).Add(-time.Second)) || over(until(0)) {
		t.Error("what is over is not that which lies before now")
	}
}
