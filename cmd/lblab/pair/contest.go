package pair

import "time"

// Contest is the time in which two nodes advertised themselves as owners at once.
type Contest struct {
	Adverts int           // of those who gave way, after the winner's first
	For     time.Duration // from the winner's first to the last of the others
}

// settled is how many adverts in a row, with none of anybody else between them, make an owner: two owners would take turns.
const settled = 3

// Owner is the place of the node that has advertised a virtual router alone, settled times or more; -1 when nobody has, or it has
// given the role away by priority 0 since.
func Owner(frames []Frame, id uint8) int {
	runs := adverts(frames, id)
	if len(runs) == 0 {
		return -1
	}
	last := runs[len(runs)-1]
	if last.n < settled || last.resigned {
		return -1
	}
	return last.place
}

// run is successive adverts of one node.
type run struct {
	place       int
	n           int
	resigned    bool // ended by priority 0
	first, last time.Time
}

func adverts(frames []Frame, id uint8) []run {
	var out []run
	for _, f := range frames {
		if f.Kind != Advert || f.RouterID != id {
			continue
		}
		last := len(out) - 1
		if f.Priority == 0 {
			if last >= 0 && out[last].place == f.Place {
				out[last].resigned = true
			}
			continue
		}
		if last < 0 || out[last].place != f.Place || out[last].resigned {
			out = append(out, run{place: f.Place, first: f.At})
			last++
		}
		out[last].n++
		out[last].last = f.At
	}
	return out
}

// Worst is the longest contest for a virtual router, by adverts. A contest is what lies between two settled owners.
func Worst(frames []Frame, id uint8) Contest {
	var worst Contest
	runs := adverts(frames, id)
	from := 0
	for i, r := range runs {
		if r.n < settled {
			continue
		}
		if c := contest(runs[from:i+1], r.place); c.Adverts > worst.Adverts {
			worst = c
		}
		from = i + 1
	}
	return worst
}

func contest(runs []run, winner int) Contest {
	var c Contest
	var began time.Time
	for _, r := range runs {
		switch {
		case r.place == winner && began.IsZero():
			began = r.first
		case r.place != winner && !began.IsZero():
			c.Adverts += r.n
			c.For = r.last.Sub(began)
		}
	}
	return c
}
