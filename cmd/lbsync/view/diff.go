package view

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Diff is what merging a folder would do, director by director, in the order in which it would be done.
type Diff struct {
	Head
	Directors []DirectorDiff `json:"directors"`
	Summary   Count          `json:"summary"`
	Now       time.Time      `json:"now"`
	Full      bool           `json:"-"` // list every change, however many there are
}

// DirectorDiff is one director's plan.
type DirectorDiff struct {
	Director string         `json:"director"`
	Roles    []InstanceRole `json:"roles,omitempty"`
	From     string         `json:"from"` // what it is compared with: an abbreviated commit, "live" or a file
	To       string         `json:"to"`
	Subject  string         `json:"subject,omitempty"` // of the commit To, if it is one
	Digest   spec.Digest    `json:"digest"`
	Steps    []Step         `json:"steps"`
	Held     []Hold         `json:"held,omitempty"`
	Left     []Change       `json:"left,omitempty"` // drift that the rules of the fleet leave as it is
	// Overrides hold beside what git says, each with the reason and the end it was given.
	Overrides []spec.Override `json:"overrides,omitempty"`
	Drains    []spec.Drain    `json:"drains,omitempty"` // that are under way
	Foreign   []Foreign       `json:"foreign,omitempty"`
	Summary   Count           `json:"summary"`
}

// InstanceRole is the role that a director plays for one vrrp_instance.
type InstanceRole struct {
	Instance string    `json:"instance"`
	Role     spec.Role `json:"role"`
}

// Step is one phase of the work; its changes may be made in any order.
type Step struct {
	Phase   string   `json:"phase"`
	Changes []Change `json:"changes"`
}

// Hold is a change that waits.
type Hold struct {
	Key   string    `json:"key"`
	Why   string    `json:"why"`
	Until time.Time `json:"until,omitzero"`
}

// Foreign is a live object that lbsync neither made nor wants; it is left alone.
type Foreign struct {
	Kind   spec.Kind   `json:"kind"`
	Key    string      `json:"key"`
	Values []spec.Attr `json:"settings"`
}

// NewDiff is the document of several directors' plans.
func NewDiff(now time.Time, directors []DirectorDiff) Diff {
	d := Diff{Head: head("diff"), Directors: directors, Now: now}
	for _, one := range directors {
		for _, c := range slices.Concat(one.changes(), one.Left) {
			d.Summary.add(c)
		}
	}
	return d
}

// NewDirectorDiff reads a plan. since says when drift of a key was first seen; it may be nil.
func NewDirectorDiff(p spec.Plan, since map[string]time.Time) DirectorDiff {
	d := DirectorDiff{Director: p.Director, To: p.Commit.Short(), Subject: p.Commit.Subject, Digest: p.Digest, Steps: []Step{}}
	for _, s := range p.Steps {
		step := Step{Phase: s.Phase.String()}
		for _, c := range s.Changes {
			step.Changes = append(step.Changes, changeOf(c, since))
			d.Summary.add(step.Changes[len(step.Changes)-1])
		}
		d.Steps = append(d.Steps, step)
	}
	for _, l := range p.Left {
		c := changeOf(l.Change, since)
		c.Left, c.Risk = l.Why, spec.RiskNone
		d.Left = append(d.Left, c)
		d.Summary.add(c)
	}
	for _, h := range p.Held {
		d.Held = append(d.Held, Hold{h.Key.String(), h.Why, h.Until})
	}
	for _, f := range p.Foreign {
		d.Foreign = append(d.Foreign, Foreign{f.Key.Kind(), f.Key.String(), f.Value.Attrs()})
	}
	return d
}

// RolesOf are the roles that facts know, by instance.
func RolesOf(roles map[string]spec.Role) []InstanceRole {
	var out []InstanceRole
	for _, instance := range slices.Sorted(maps.Keys(roles)) {
		out = append(out, InstanceRole{instance, roles[instance]})
	}
	return out
}

func (d DirectorDiff) changes() []Change {
	var out []Change
	for _, s := range d.Steps {
		out = append(out, s.Changes...)
	}
	return out
}

// who is "lb2  BACKUP codis_6379"; a role that nobody knows is not shown.
func (d DirectorDiff) who() string {
	parts := []string{d.Director}
	for _, r := range d.Roles {
		if r.Role != spec.RoleUnknown {
			parts = append(parts, strings.ToUpper(r.Role.String())+" "+r.Instance)
		}
	}
	return strings.Join(parts, "  ")
}
