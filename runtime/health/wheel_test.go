package health

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Each check comes out once, at the first tick that is not before its time, however far the wheel is turned at once.
func TestWheelProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &wheel{done: ticks(noon)}
		now, due := noon, map[*check]instant{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				c := &check{}
				at := now.add(time.Duration(rapid.Int64Range(-1e9, 6e10).Draw(t, "in")))
				w.add(c, at)
				due[c] = max(at, now)
			case 2:
				for c := range due {
					w.remove(c)
					w.remove(c)
					delete(due, c)
					break
				}
			case 3:
				now = now.add(time.Duration(rapid.Int64Range(0, 5e10).Draw(t, "pass")))
				w.advance(now, func(c *check) {
					if _, ok := due[c]; !ok || due[c] > now {
						t.Fatalf("came out though it is due in %s (known: %v)", due[c].sub(now), ok)
					}
					delete(due, c)
				})
				for _, at := range due {
					if now.sub(at) > tick {
						t.Fatalf("still in, %s late", now.sub(at))
					}
				}
			}
			checkUntil(t, w, due)
		}
	})
}

// checkUntil: the wheel never sleeps past a check.
func checkUntil(t *rapid.T, w *wheel, due map[*check]instant) {
	at, ok := w.until()
	if ok != (len(due) > 0) {
		t.Fatalf("until says %v with %d checks", ok, len(due))
	}
	for c := range due {
		if at > instant(c.tick*int64(tick)) {
			t.Fatalf("sleeps %s past a check", at.sub(instant(c.tick*int64(tick))))
		}
	}
}
