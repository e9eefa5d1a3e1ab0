package view

import (
	"fmt"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// shownRefused are those who were refused last; -o json has more.
const shownRefused = 5

// refusedRows name who was not let in or not answered. They change no verdict: anybody who reaches the port could bring that about.
func refusedRows(c *spec.ChannelStatus, now time.Time) [][]Cell {
	if c == nil {
		return nil
	}
	var rows [][]Cell
	for _, r := range c.Refused[:min(len(c.Refused), shownRefused)] {
		rows = append(rows, []Cell{Yellow.In("turned away"), Plain.In(refusedWho(r)), Plain.In(fmt.Sprintf("%s; %s, last %s", r.Why, times(r.Count), ago(now, r.Last)))})
	}
	if more := len(c.Refused) - shownRefused; more > 0 {
		rows = append(rows, []Cell{Yellow.In("turned away"), Plain.In(fmt.Sprintf("%d more", more)), Plain.In("-o json has them")})
	}
	return rows
}

// refusedWho is a name as far as there is one, where it came from, and the key it showed.
func refusedWho(r spec.PeerRefusal) string {
	who := r.Who
	if who == "" {
		who = "a stranger"
	}
	if r.Address.IsValid() {
		who += " at " + r.Address.String()
	}
	if r.Key != "" {
		who += " with " + r.Key
	}
	return who
}

func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
