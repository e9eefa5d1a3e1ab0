package vrrp

import (
	"fmt"

	"github.com/lbsync/lbsync/cmd/lblab/bench"
)

// Results are everything that was measured; durations are nanoseconds.
type Results struct {
	Machine  bench.Machine `json:"machine"`
	Command  string        `json:"command"`
	Switches []Switches    `json:"switches"`
	Jitter   []Jitter      `json:"jitter"`
	Costs    []Cost        `json:"costs"`
	Single   []Single      `json:"single"`
	Steady   []Steady      `json:"steady"`
}

// Single is the resident set of an owner of one instance with one address.
type Single struct {
	System   system `json:"system"`
	Resident int64  `json:"resident_bytes"`
}

// switchesOf finds the switches of a system in a case.
func (r Results) switchesOf(of system, c Case) (Switches, bool) {
	for _, s := range r.Switches {
		if s.System == of && s.Case == c {
			return s, true
		}
	}
	return Switches{}, false
}

func (r Results) costOf(of system) (Cost, bool) {
	for _, c := range r.Costs {
		if c.System == of {
			return c, true
		}
	}
	return Cost{}, false
}

// cases are the different cases, in the order in which they were measured.
func (r Results) cases() []Case {
	var out []Case
	for _, s := range r.Switches {
		if s.System == lbsync {
			out = append(out, s.Case)
		}
	}
	return out
}

func (c Case) String() string {
	if c.Addresses == 1 {
		return fmt.Sprintf("%s, 1 address", c.Interval)
	}
	return fmt.Sprintf("%s, %d addresses", c.Interval, c.Addresses)
}
