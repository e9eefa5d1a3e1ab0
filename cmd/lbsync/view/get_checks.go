package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Checks are the health checks of a director.
type Checks struct {
	Head
	Director string            `json:"director"`
	Now      time.Time         `json:"now"`
	Counts   *spec.CheckCounts `json:"counts"` // null where nothing is checked
	Checks   []CheckRow        `json:"checks"`
	States   []spec.CheckState `json:"-"` // only these are shown; none: all
}

// CheckRow is one check.
type CheckRow struct {
	Name string `json:"name"` // kind and what is probed
	spec.CheckStatus
}

// NewChecks takes the checks in some states, or in all if none is named; the counts are of all.
func NewChecks(s spec.Status, c spec.Checks, now time.Time, states ...spec.CheckState) Checks {
	out := Checks{Head: head("checks"), Director: s.Director, Now: now, Checks: []CheckRow{}, States: states}
	if s.Health != nil {
		out.Counts = &s.Health.CheckCounts
	}
	for _, is := range c.Checks {
		if len(states) == 0 || slices.Contains(states, is.State) {
			out.Checks = append(out.Checks, CheckRow{is.Check.String(), is})
		}
	}
	return out
}

var checkStyles = map[spec.CheckState]Style{spec.CheckUnknown: Dim, spec.CheckUp: Green, spec.CheckDown: Red}

// Text is what all of them come to, then a table.
func (c Checks) Text(t *Text) {
	if c.Counts == nil {
		t.Linef("%s checks no real server", c.Director)
		return
	}
	t.Linef("checks: %s; %s in flight", countsText(c.Counts), plural(c.Counts.InFlight, "probe"))
	if c.Counts.Frozen != "" {
		t.Line(Yellow.In("frozen"), Plain.In(since(c.Now, c.Counts.FrozenAt)+": "+frozenText(c.Counts)))
	}
	if len(c.Checks) == 0 {
		return
	}
	t.Linef("")
	rows := [][]Cell{titles("CHECK", "STATE", "SINCE", "LAST", "TOOK", "PROGRESS", "WHY", "NOTE", "SERVES")}
	for _, r := range c.Checks {
		rows = append(rows, []Cell{
			Plain.In(r.Name), checkStyles[r.State].In(r.State.String()), Plain.In(moment(c.Now, r.Since)), Plain.In(moment(c.Now, r.Last)), Plain.In(tookText(r.CheckStatus)),
			Yellow.In(progressText(r.CheckStatus)), Plain.In(r.Why), Dim.In(skippedText(r.CheckStatus)), Plain.In(servesText(r.RealServers)),
		})
	}
	t.Table("", rows)
}

// countsText is "40 configured, 38 run: 36 up, 1 down, 1 unknown".
func countsText(c *spec.CheckCounts) string {
	return fmt.Sprintf("%d configured, %d run: %d up, %d down, %d unknown", c.Configured, c.Unique,
		c.States[spec.CheckUp.String()], c.States[spec.CheckDown.String()], c.States[spec.CheckUnknown.String()])
}

func frozenText(c *spec.CheckCounts) string { return c.Frozen + "; no failure counts meanwhile" }

func tookText(s spec.CheckStatus) string {
	if s.Last.IsZero() {
		return ""
	}
	if s.Took > time.Second {
		return s.Took.Round(time.Millisecond).String()
	}
	return s.Took.Round(10 * time.Microsecond).String()
}

// progressText is how far the last results are on their way to another verdict: "2 of 3 failures".
func progressText(s spec.CheckStatus) string {
	rise, damped := max(1, s.Check.Rise), ""
	if s.Damped > 0 {
		rise, damped = s.Damped, ", as it flapped"
	}
	switch {
	case s.Last.IsZero() || s.Count == 0:
		return ""
	case s.State == spec.CheckDown && s.OK:
		return fmt.Sprintf("%d of %d successes%s", s.Count, rise, damped)
	case s.State != spec.CheckDown && !s.OK:
		return fmt.Sprintf("%d of %d failures", s.Count, max(1, s.Check.Fall))
	case s.State == spec.CheckDown && damped != "":
		return fmt.Sprintf("takes %d successes%s", rise, damped)
	}
	return ""
}

// mostServed is how many real servers of a check are named.
const mostServed = 2

// servesText names the real servers that have a check, or counts them: "tcp 192.0.2.100:80 > 192.0.2.21:80", "40 real servers of 2 services".
func servesText(all []spec.DestKey) string {
	names, services := []string{}, map[spec.ServiceKey]bool{}
	for _, k := range all {
		names, services[k.Service] = append(names, k.String()), true
	}
	if len(names) <= mostServed {
		return strings.Join(names, ", ")
	}
	return plural(len(names), "real server") + " of " + plural(len(services), "service")
}

// skippedText says that probes were not made, which is this host's fault and no verdict.
func skippedText(s spec.CheckStatus) string {
	switch {
	case s.Skipped == 0:
		return s.Local
	case s.Local == "":
		return fmt.Sprintf("%d not made or counted", s.Skipped)
	}
	return fmt.Sprintf("%d not made or counted: %s", s.Skipped, s.Local)
}
