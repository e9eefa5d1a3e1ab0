package sync

import (
	"fmt"
	"strings"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/bench"
	"github.com/lbsync/lbsync/cmd/lblab/traffic"
)

// Results are everything that was counted; durations are nanoseconds.
type Results struct {
	Machine     bench.Machine `json:"machine"`
	Command     string        `json:"command"`
	Connections int           `json:"connections"`
	Seed        uint64        `json:"seed"`
	Runs        []Run         `json:"runs"`
}

// Run is one case with one failover.
type Run struct {
	Case        string        `json:"case"`
	Failover    Failover      `json:"failover"`
	Master      string        `json:"master"` // that lost the role in the failover
	Opening     time.Duration `json:"opening"`
	Changing    time.Duration `json:"changing"` // from the commit to two settled directors
	Groups      []Outcome     `json:"groups"`
	Notes       []string      `json:"notes,omitempty"`
	LostEarlier int           `json:"lost_earlier"` // of the lost ones, those that were lost before the failover

	FirstLoss string `json:"first_loss,omitempty"`

	FirstRefusal string `json:"first_refusal,omitempty"`
}

// Outcome is what became of a group's connections.
type Outcome struct {
	traffic.Group
	traffic.Count
	Held int `json:"held_by_backup"` // right before the failover
}

// take puts the counts in order: before the change, during it.
func (r *Run) take(counts map[traffic.Group]traffic.Count, held map[traffic.Group]int) {
	for _, during := range []bool{false, true} {
		for _, class := range traffic.Classes {
			g := traffic.Group{Class: class, During: during}
			r.Groups = append(r.Groups, Outcome{g, counts[g], held[g]})
		}
	}
}

// sum is over all groups.
func (r Run) sum() (out Outcome) {
	for _, g := range r.Groups {
		out.Opened += g.Opened
		out.Refused += g.Refused
		out.Lost += g.Lost
		out.Held += g.Held
	}
	return out
}

// line is the run for somebody who waits for it.
func (r Run) line() string {
	var b strings.Builder
	s := r.sum()
	fmt.Fprintf(&b, "%s, %s of %s: %d of %d lost, %d held by the backup, %d refused; opened in %s, changed in %s", r.Case, r.Failover, r.Master, s.Lost, s.Opened, s.Held, s.Refused,
		r.Opening.Round(10*time.Millisecond), r.Changing.Round(10*time.Millisecond))
	for _, g := range r.Groups {
		if g.Lost > 0 {
			fmt.Fprintf(&b, "; %s %s: %d of %d", when(g.During), g.Class, g.Lost, g.Opened)
		}
	}
	for _, n := range r.Notes {
		b.WriteString("; " + n)
	}
	if r.LostEarlier > 0 {
		fmt.Fprintf(&b, "; %d before the failover", r.LostEarlier)
	}
	if r.FirstLoss != "" {
		b.WriteString("; first lost: " + r.FirstLoss)
	}
	if r.FirstRefusal != "" {
		b.WriteString("; first refused: " + r.FirstRefusal)
	}
	return b.String()
}

func when(during bool) string {
	if during {
		return "during"
	}
	return "before"
}
