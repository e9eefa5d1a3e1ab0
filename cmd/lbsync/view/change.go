package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Change is one change of a plan. Key is the whole identity; Name is the part of it that is read beneath its service or its instance.
type Change struct {
	Action    spec.Action  `json:"action"`
	Kind      spec.Kind    `json:"kind"`
	Key       string       `json:"key"`
	Service   string       `json:"service,omitempty"`  // of a real server
	Instance  string       `json:"instance,omitempty"` // of a virtual address and all else that belongs to a vrrp_instance
	Name      string       `json:"name"`
	Reason    spec.Reason  `json:"reason"`
	FirstSeen time.Time    `json:"first_seen,omitzero"` // of drift, when the agent knows
	Risk      spec.Risk    `json:"risk"`
	Fields    []spec.Field `json:"fields"`
	Drain     int          `json:"drain,omitempty"` // seconds that a real server which is removed keeps its open connections at most; it goes then
	Unchanged int          `json:"unchanged"`       // settings that stay as they are
	Source    *Source      `json:"source,omitempty"`
	Left      string       `json:"left,omitempty"` // why drift is not put right; it is no part of the steps then

	service spec.ServiceKey // that it is shown with, for the order of the text
}

func changeOf(c spec.Change, since map[string]time.Time) Change {
	out := Change{
		Action: c.Action, Kind: c.Key.Kind(), Key: c.Key.String(), Name: c.Key.String(), Reason: c.Reason, Risk: c.Risk,
		Fields: c.Fields(), Source: sourceOf(c.Pos), Drain: int(c.Drain.Seconds()),
	}
	switch k := c.Key.(type) {
	case spec.ServiceKey:
		out.service = k
		out.Name += ofChecks(k)
	case spec.DestKey:
		out.Service, out.Name, out.service = k.Service.String(), k.Addr.String(), k.Service
	}
	if name := nameInInstance(c.Key); name != "" {
		out.Instance, out.Name = spec.PartOf(c.Key).String(), name
	}
	if c.Reason == spec.ByDrift {
		out.FirstSeen = since[out.Key]
	}
	if out.Fields == nil {
		out.Fields = []spec.Field{} // a drain of what has weight 0 already
	}
	if c.Action == spec.Edit {
		out.Unchanged = max(0, settings(c.After)-len(out.Fields))
	}
	return out
}

// settings counts what is set.
func settings(v spec.Value) int {
	n := 0
	for _, a := range v.Attrs() {
		if a.Value != "" {
			n++
		}
	}
	return n
}

// title is "real server 192.0.2.23:6379"; a service is known by its key alone.
func (c Change) title() string {
	if c.Kind == spec.KindService {
		return c.Name
	}
	return string(c.Kind) + " " + c.Name
}

// detail is what the change does: "weight 3 → 0", or the settings of what is added. Of what is removed the key says enough. Of drift
// it is what was done outside git, and what the plan undoes.
func (c Change) detail() string {
	var parts []string
	for _, f := range c.Fields {
		switch {
		case c.Action == spec.Edit && c.Reason == spec.ByDrift:
			parts = append(parts, f.Name+" "+orNone(f.After)+" → "+orNone(f.Before))
		case c.Action == spec.Edit:
			parts = append(parts, f.Name+" "+orNone(f.Before)+" → "+orNone(f.After))
		case c.Action == spec.Add:
			parts = append(parts, f.Name+" "+f.After)
		}
	}
	if c.Drain > 0 {
		parts = append(parts, fmt.Sprintf("drain ≤ %ds", c.Drain), "remove")
	}
	return strings.Join(parts, ", ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// note is why the change is made, where that is not the commit, and what it may cost.
func (c Change) note(now time.Time) string {
	var parts []string
	switch {
	case c.Reason == spec.ByDrift && c.FirstSeen.IsZero():
		parts = append(parts, outside[c.Action])
	case c.Reason == spec.ByDrift:
		parts = append(parts, outside[c.Action]+", first seen "+ago(now, c.FirstSeen))
	case c.Reason == spec.ByAdopt:
		parts = append(parts, "was there before lbsync")
	case c.Reason == spec.ByOverride:
		parts = append(parts, "override")
	case c.Reason == spec.ByHealth:
		parts = append(parts, "by health checks")
	case c.Reason == spec.ByDrain:
		parts = append(parts, "drained")
	}
	if c.Left != "" {
		return strings.TrimPrefix(strings.Join(parts, "; ")+left(c.Left), "; ")
	}
	if c.Risk != spec.RiskNone {
		parts = append(parts, c.Risk.String())
	}
	return strings.Join(parts, "; ")
}

// outside is what somebody did, by what undoes it.
var outside = map[spec.Action]string{spec.Add: "removed outside git", spec.Edit: "changed outside git", spec.Remove: "added outside git"}

func (c Change) style() Style {
	switch {
	case c.Reason == spec.ByDrift:
		return Magenta
	case c.Drain > 0:
		return Red
	}
	return map[spec.Action]Style{spec.Add: Green, spec.Edit: Yellow, spec.Remove: Red}[c.Action]
}

// verb is what the change does, in the line that tells the order of work.
func (c Change) verb() string {
	if c.Action == spec.Edit && c.Risk == spec.RiskDrains {
		return "drain"
	}
	return map[spec.Action]string{spec.Add: "add", spec.Edit: "change", spec.Remove: "remove"}[c.Action]
}
