package tracking

import (
	"strings"
	"testing"
)

// Results are + and -; verdicts are G and B where one was made, and . where nothing changed.
func TestHysteresis(t *testing.T) {
	for _, c := range []struct {
		rise, fall     uint32
		results, wants string
	}{
		{1, 1, "+-+-", "GBGB"},
		{0, 0, "+-+-", "GBGB"},
		{2, 3, "+--+---", "G.....B"},
		{2, 3, "---+-++", "..B...G"},
		{2, 2, "-+--", ".G.B"},
		{3, 1, "-++-+++", "B.....G"},
		{1, 1, "---", "B.."},
		{1, 2, "+++", "G.."},
	} {
		h := hysteresis{rise: c.rise, fall: c.fall}
		var got strings.Builder
		for _, r := range c.results {
			switch turned := h.take(r == '+'); {
			case !turned:
				got.WriteByte('.')
			case h.bad:
				got.WriteByte('B')
			default:
				got.WriteByte('G')
			}
		}
		if got.String() != c.wants {
			t.Errorf("rise %d, fall %d: %s gives %s, want %s", c.rise, c.fall, c.results, got.String(), c.wants)
		}
	}
}
