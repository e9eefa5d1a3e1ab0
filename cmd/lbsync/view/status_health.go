package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// shownSick is how many real servers of each kind the status names; `lbsync get real-servers` has them all.
const shownSick = 10

// healthFacts are what the checks come to.
func (s Status) healthFacts() [][]Cell {
	h := s.Agent.Health
	if h == nil {
		return nil
	}
	var rows [][]Cell
	if h.Configured > 0 {
		rows = append(rows, cells("checks", countsText(&h.CheckCounts)))
	}
	if text := sickText(h); text != "" {
		rows = append(rows, cells("health", text))
	}
	return rows
}

// sickText is "3 of 40 real servers out, 1 rising; 2 draining"; "" when nobody is anything.
func sickText(h *spec.HealthStatus) string {
	n := map[string]int{}
	for _, r := range h.Servers {
		n[r.State]++
	}
	var parts []string
	if out := n["out"]; out > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s out", out, plural(h.Checked, "checked real server")))
	}
	for _, k := range []struct{ state, words string }{
		{"rising", "rising"}, {"held", "held although their checks fail"}, {"weighed", "with the weight that a check asks for"}, {"unjudged", "without a verdict"},
	} {
		if n[k.state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[k.state], k.words))
		}
	}
	if open := openDrains(h.Drains); len(open) > 0 {
		parts = append(parts, fmt.Sprintf("%d draining", len(open)))
	}
	return strings.Join(parts, ", ")
}

func openDrains(all []spec.Drain) []spec.Drain {
	return slices.DeleteFunc(slices.Clone(all), func(d spec.Drain) bool { return d.Ended != "" })
}

// impaired is what checks say that is worth more than a line for each real server: a service that is not served as it should be, and
// checks that are not believed. A real server that is out is no trouble: that is what checks are for.
func impaired(h *spec.HealthStatus) []Trouble {
	if h == nil {
		return nil
	}
	var out []Trouble
	if b := h.Brake; b != nil {
		out = append(out, Trouble{Impaired, "brake: " + brakeText(*b, "checks"), b.Since})
	}
	if h.Frozen != "" {
		out = append(out, Trouble{Impaired, "checks frozen: " + frozenText(&h.CheckCounts), h.FrozenAt})
	}
	var lost, braked []spec.ServiceHealth
	for _, s := range h.Services {
		if s.Lost {
			lost = append(lost, s)
		}
		if s.Brake != nil {
			braked = append(braked, s)
		}
	}
	if len(lost) > 0 {
		out = append(out, Trouble{Impaired, "quorum of " + lost[0].Key.String() + " lost" + more(len(lost)-1) + ": " + quorumText(lost[0]), time.Time{}})
	}
	if len(braked) > 0 {
		b := braked[0]
		out = append(out, Trouble{Impaired, "brake of " + b.Key.String() + more(len(braked)-1) + ": " + brakeText(*b.Brake, "real servers"), b.Brake.Since})
	}
	return out
}

func brakeText(b spec.BrakeStatus, what string) string {
	return fmt.Sprintf("%d of %d %s fail, more than %d %% within one interval: weights are left as they are", b.Down, b.Of, what, b.Limit)
}

func quorumText(s spec.ServiceHealth) string {
	text := fmt.Sprintf("live real servers weigh %d, quorum is %d", s.Weight, s.Quorum)
	if s.Sorry == nil {
		return text + ", and it has no sorry server"
	}
	return text + "; sorry server " + s.Sorry.Addr.String() + " stands in"
}

// sickRows name services and real servers.
func sickRows(h *spec.HealthStatus, now time.Time) [][]Cell {
	if h == nil {
		return nil
	}
	var rows [][]Cell
	for _, s := range h.Services {
		if s.Lost {
			rows = append(rows, []Cell{Red.In("quorum lost"), Plain.In(s.Key.String()), Plain.In(quorumText(s))})
		}
		if s.Brake != nil {
			rows = append(rows, []Cell{Yellow.In("brake"), Plain.In(s.Key.String()), Plain.In(brakeText(*s.Brake, "real servers"))})
		}
	}
	for _, state := range []string{"out", "held", "rising"} {
		n := 0
		for _, r := range h.Servers {
			if r.State != state {
				continue
			}
			if n++; n <= shownSick {
				style := map[bool]Style{true: Red, false: Yellow}[state == "out"]
				rows = append(rows, []Cell{style.In(state), Plain.In(object(spec.ObjectOf(r.Key))), Plain.In(strings.TrimLeft(strings.TrimPrefix(serverText(r, now), state), ",: "))})
			}
		}
		rows = append(rows, notShown(n, state)...)
	}
	open := openDrains(h.Drains)
	for _, d := range open[:min(len(open), shownSick)] {
		rows = append(rows, []Cell{Yellow.In("draining"), Plain.In(object(spec.ObjectOf(d.Key))), Plain.In(strings.TrimLeft(strings.TrimPrefix(drainText(d), "draining"), ", "))})
	}
	return append(rows, notShown(len(open), "draining")...)
}

func notShown(n int, state string) [][]Cell {
	if n <= shownSick {
		return nil
	}
	return [][]Cell{{Yellow.In(state), Plain.In(fmt.Sprintf("%d more", n-shownSick)), Plain.In("lbsync get real-servers has them")}}
}
