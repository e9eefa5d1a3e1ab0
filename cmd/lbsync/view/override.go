package view

import (
	"fmt"
	"strconv"

	"github.com/lbsync/lbsync/spec"
)

// overrideText is "real server tcp 192.0.2.1:80 > 192.0.2.21:80  weight 0 by root (uid 0) ("deploy"), until …".
func overrideText(o spec.Override) string {
	return fmt.Sprintf("real server %s  weight %d by %s on %s%s%s", o.Key, o.Weight, o.Actor, o.Director, because(o.Reason), until(o.Until))
}

// Overrides are the overrides that hold on a director.
type Overrides struct {
	Head
	Director  string                `json:"director"`
	Overrides []spec.OverrideStatus `json:"overrides"`
}

// NewOverrides reads an agent's status.
func NewOverrides(s spec.Status) Overrides {
	all := s.Overrides
	if all == nil {
		all = []spec.OverrideStatus{}
	}
	return Overrides{head("overrides"), s.Director, all}
}

// Text is a table.
func (o Overrides) Text(t *Text) {
	if len(o.Overrides) == 0 {
		t.Linef("nothing is overridden")
		return
	}
	rows := [][]Cell{titles("REAL SERVER", "WEIGHT", "GIT", "ORIGIN", "UNTIL", "BY", "ON", "REASON")}
	for _, x := range o.Overrides {
		rows = append(rows, append(cells(x.Key.String(), strconv.Itoa(int(x.Weight)), configured(x)), Dim.In(x.Pos.String()),
			Plain.In(stamp(x.Until)), Plain.In(x.Actor.String()), Plain.In(x.Director), Plain.In(x.Reason)))
	}
	t.Table("", rows)
}

func configured(o spec.OverrideStatus) string {
	if o.Configured == nil {
		return "no such real server"
	}
	return strconv.Itoa(int(*o.Configured))
}

// overrideRows are the overrides as status lists them.
func overrideRows(all []spec.OverrideStatus) [][]Cell {
	var rows [][]Cell
	for _, o := range all {
		weight := "no such real server now, weight " + strconv.Itoa(int(o.Weight))
		if o.Configured != nil {
			weight = fmt.Sprintf("weight %d → %d", *o.Configured, o.Weight)
		}
		rows = append(rows, []Cell{Yellow.In("override"), Plain.In(object(spec.ObjectOf(o.Key))),
			Plain.In(weight + " by " + o.Actor.String() + " on " + o.Director + because(o.Reason) + until(o.Until))})
	}
	return rows
}

// OverrideEdit is what would make an override permanent, or why that has to be done by hand.
type OverrideEdit struct {
	RealServer string  `json:"real_server"`
	Source     *Source `json:"source,omitempty"`
	Before     *int32  `json:"before,omitempty"` // weight in the file's fleet
	After      int32   `json:"after"`
	Note       string  `json:"note,omitempty"`
}

// OverridePatch is what would make overrides permanent, as a patch of the HCL.
type OverridePatch struct {
	Head
	Edits []OverrideEdit `json:"edits"`
	Patch string         `json:"patch"`
}

// NewOverridePatch makes the document.
func NewOverridePatch(edits []OverrideEdit, patch string) OverridePatch {
	return OverridePatch{head("override patch"), edits, patch}
}

// Text is the patch, after lines that patch(1) and git pass over.
func (p OverridePatch) Text(t *Text) {
	if len(p.Edits) == 0 {
		t.Linef("# nothing is overridden")
	}
	for _, e := range p.Edits {
		line := "# " + e.RealServer
		if e.Source != nil {
			line += " in " + e.Source.String()
		}
		if e.Before != nil {
			line += fmt.Sprintf(": weight %d → %d", *e.Before, e.After)
		}
		if e.Note != "" {
			line += "; " + e.Note
		}
		t.Linef("%s", line)
	}
	t.b.WriteString(p.Patch) // as it is: blanks at the end of a line are part of it
}

// overridden is what was set or cleared.
func (r Result) overridden() string {
	all := r.Result.Overrides
	if len(all) != 1 {
		return plural(len(all), "override") + " ended"
	}
	o := all[0]
	if r.Verb == spec.OverrideClear {
		return fmt.Sprintf("override of %s ended", o.Key)
	}
	return fmt.Sprintf("%s has weight %d%s; lbsync override clear ends it before", o.Key, o.Weight, until(o.Until))
}
