package spec

import "time"

// Action is what a change does to an object; it is its own symbol in a diff.
type Action byte

// The actions. An edit is in place: nothing is deleted to be added again.
const (
	Add    Action = '+'
	Edit   Action = '~'
	Remove Action = '-'
)

var actionNames = names[Action]{"action", map[Action]string{Add: "add", Edit: "edit", Remove: "remove"}}

func (a Action) String() string                { return actionNames.name(a) }
func (a Action) MarshalText() ([]byte, error)  { return []byte(a.String()), nil }
func (a *Action) UnmarshalText(b []byte) error { return actionNames.parse(a, b) }

// Reason says why a change is needed.
type Reason uint8

// The reasons.
const (
	ByCommit   Reason = iota // the wanted state differs from what was last applied
	ByDrift                  // the live state was changed outside git since it was applied
	ByAdopt                  // the object was there before lbsync first applied anything, or before its service was declared
	ByOverride               // an operator's override asks for another weight, or has ended
	ByHealth                 // the checks of a real server, or of its service, ask for it
	ByDrain                  // a removed real server has kept its connections for long enough
)

// ByFacts says whether what was seen asks for a change, and no commit.
func (r Reason) ByFacts() bool { return r == ByHealth || r == ByDrain }

var reasonNames = names[Reason]{"reason", map[Reason]string{ByCommit: "commit", ByDrift: "drift", ByAdopt: "adopt", ByOverride: "override", ByHealth: "health", ByDrain: "drain"}}

func (r Reason) String() string                { return reasonNames.name(r) }
func (r Reason) MarshalText() ([]byte, error)  { return []byte(r.String()), nil }
func (r *Reason) UnmarshalText(b []byte) error { return reasonNames.parse(r, b) }

// Risk is what a change may cost the traffic that flows. Risks are ordered: the risk of a plan is the highest of its changes.
type Risk uint8

// The risks.
const (
	RiskNone       Risk = iota
	RiskDrains          // no new connections; those that are open live on
	RiskSyncGap         // connections opened meanwhile are not known to the backup
	RiskResets          // open connections end
	RiskTransition      // a VRRP role moves
)

var riskNames = names[Risk]{"risk", map[Risk]string{
	RiskNone: "none", RiskDrains: "drains", RiskSyncGap: "sync gap", RiskResets: "resets connections", RiskTransition: "VRRP transition",
}}

func (r Risk) String() string                { return riskNames.name(r) }
func (r Risk) MarshalText() ([]byte, error)  { return []byte(r.String()), nil }
func (r *Risk) UnmarshalText(b []byte) error { return riskNames.parse(r, b) }

// Change is one difference between the wanted and the live state. Before is nil for Add, After is nil for Remove.
type Change struct {
	Key           Key
	Action        Action
	Before, After Value
	Reason        Reason
	Risk          Risk
	Pos           Pos           // where the object is declared, or, for a removal, was when last applied
	Drain         time.Duration // of an edit of a real server that git removes: it keeps its connections for at most so long; 0: it is none
}

// Field is one setting that a change alters.
type Field struct {
	Name   string `json:"name"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Fields are the settings that differ, in the order of Attrs. For Add and Remove they are those that are set.
func (c Change) Fields() []Field {
	var before, after []Attr
	if c.Before != nil {
		before = c.Before.Attrs()
	}
	if c.After != nil {
		after = c.After.Attrs()
	}
	var out []Field
	for _, a := range after {
		if was := attr(before, a.Name); was != a.Value {
			out = append(out, Field{a.Name, was, a.Value})
		}
	}
	for _, b := range before {
		if b.Value != "" && !has(after, b.Name) {
			out = append(out, Field{b.Name, b.Value, ""})
		}
	}
	return out
}

func attr(attrs []Attr, name string) string {
	for _, a := range attrs {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

func has(attrs []Attr, name string) bool {
	for _, a := range attrs {
		if a.Name == name {
			return true
		}
	}
	return false
}
