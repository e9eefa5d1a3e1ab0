package local

import "testing"

func TestWhoMayAsk(t *testing.T) {
	for _, c := range []struct {
		uid  uint32
		self int
		want bool
	}{{0, 0, true}, {0, 900, true}, {900, 900, true}, {1000, 0, false}, {1000, 900, false}} {
		if got := MayAsk(c.uid, c.self); got != c.want {
			t.Errorf("MayAsk(%d, %d) = %v", c.uid, c.self, got)
		}
	}
}
