// Package policies decides whether a fleet MAY be: rules over the whole fleet, the same code in CI (`lbsync validate`) and on every
// director before anything is planned. A refused commit changes nothing.
package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// Policy is one built-in rule.
type Policy interface {
	// Name is the rule's word in messages and documents, such as "duplicate-syncid".
	Name() string
	// Level is what breaking it means, unless the fleet sets another.
	Level() spec.Level
	// Meaning is one sentence or two: what must hold, and what happens where it does not.
	Meaning() string
	// Check finds what breaks the rule.
	Check(*Input) []Finding
}

// Needy is a policy that looks at more than the fleet.
type Needy interface {
	// Lacks says what is missing for it to be judged; "" when nothing is.
	Lacks(*Input) string
}

// Finding is one place at which a rule is broken: what is wrong there, and what would happen and what to write instead.
type Finding struct {
	At      spec.Pos // zero: nowhere in this fleet
	Summary string
	Detail  string
}

func found(at spec.Pos, summary, detail string, args ...any) Finding {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return Finding{at, summary, detail}
}

// Input is what rules look at.
type Input struct {
	Fleet  *spec.Fleet
	Priors []spec.View               // what directors last accepted: on a director its own, in CI those of all directors that are known
	Facts  map[string]spec.HostFacts // by director: on a director its own, in CI those that were exported
	Commit *spec.Commit              // that brings the fleet; nil when it is none yet
	// Changes are what the commit changes, by director: what it wants against what the accepted one wants. Asked for when a rule looks
	// at them; nil: they are not known.
	Changes func() map[string][]spec.Change
	// Operator asks for the commit by hand, as with pin and rollback: that overrides what may be overridden. "" is nobody.
	Operator string
	// Expired says that there is no time left for rules of the fleet's own; nil: there always is.
	Expired func() bool

	paired []pair // see pairs
}

// factsLacking is what every rule lacks that looks at facts, where there are none at all.
const factsLacking = "no facts of a director"

// lacking is what a rule lacks that looks at some facts.
func (in *Input) lacking(some string) string {
	if len(in.Facts) == 0 {
		return factsLacking
	}
	return some
}

// noFacts is what a rule lacks that looks at any facts.
func (in *Input) noFacts() string { return in.lacking("") }

// noPrior is what a rule lacks that looks at the difference to what was accepted.
func (in *Input) noPrior() string {
	if len(in.Priors) == 0 {
		return "no accepted commit to compare with"
	}
	return ""
}
