package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Result is what came of a command to the agent, such as a rollback.
type Result struct {
	Head
	Verb   spec.Verb          `json:"verb"`
	DryRun bool               `json:"dry_run,omitempty"`
	Until  time.Time          `json:"until,omitzero"`
	Result spec.CommandResult `json:"result"`
}

// NewResult makes the document.
func NewResult(c spec.Command, r spec.CommandResult) Result {
	verb := c.Verb
	out := Result{Head: head("result"), Verb: verb, DryRun: c.DryRun, Result: r}
	switch s := r.Status; {
	case verb == spec.Suspend && s.Suspension != nil:
		out.Until = s.Suspension.Until
	case (verb == spec.Rollback || verb == spec.PinTo) && s.Pin != nil:
		out.Until = s.Pin.Until
	}
	return out
}

// Text says what was done, then what it meant for the kernel.
func (r Result) Text(t *Text) {
	s := r.Result.Status
	if ref := r.Result.Refusal; ref != nil {
		verdict := map[bool]Health{true: Invalid, false: Refused}[ref.Invalid]
		t.Line(Bold.In(s.Director+": "), Red.In(string(verdict)), Plain.In(fmt.Sprintf(" %s %q: %s", ref.Commit.Short(), ref.Commit.Subject, ref.Reason)))
		for _, d := range ref.Diagnostics {
			t.Linef("  %s: %s: %s", d.Pos, d.Severity, d.Summary)
		}
		refusedLines(t, ref.Diagnostics)
		return
	}
	t.Line(Bold.In(s.Director+": "), Plain.In(r.done()))
	if p := r.Result.Plan; p != nil {
		t.Linef("  %d added, %d changed, %d removed, %d failed. Risk: %s.", p.Add, p.Edit, p.Remove, p.Failed, p.Risk)
	}
}

func (r Result) done() string {
	on := ""
	if c := r.Result.Commit; c != nil {
		on = fmt.Sprintf("%s %q", c.Short(), c.Subject)
	}
	switch r.Verb {
	case spec.Rollback:
		return "rolled back to " + on + ", held there " + rollbackEnds(r.Until) + "; lbsync unpin ends it before"
	case spec.PinTo:
		return "pinned to " + on + untilOr(r.Until, "lbsync unpin")
	case spec.Unpin:
		return "no longer pinned; follows " + r.Result.Status.Source.Ref
	case spec.Suspend:
		return "suspended" + untilOr(r.Until, "lbsync resume") + "; it reads and reports, and writes nothing"
	case spec.Resume:
		return "resumed"
	case spec.Handover:
		return r.handover()
	case spec.SyncNow:
		return r.synced()
	case spec.Proceed:
		return "does not wait for directors that do not answer, for this commit"
	case spec.OverrideSet, spec.OverrideClear:
		return r.overridden()
	case spec.AcceptJournal:
		return "the broken journal is accepted, and recorded as such"
	default:
		return string(r.Verb) + " done"
	}
}

// handover is what was given away, or would be.
func (r Result) handover() string {
	h := r.Result.Handed
	names := make([]string, len(h.Instances))
	for i, k := range h.Instances {
		names[i] = k.String()
	}
	what := fmt.Sprintf("the role of master of %s to %s", strings.Join(names, " and "), strings.Join(h.Others, " or "))
	within := h.Within.Round(time.Millisecond)
	if r.DryRun {
		return fmt.Sprintf("would give %s, which takes it within %s", what, within)
	}
	if len(r.Result.Covered) > 0 {
		what += " (" + coveredText(r.Result.Covered) + ")"
	}
	return fmt.Sprintf("gave %s: the addresses are released and priority 0 is sent; a backup that is there takes over within %s", what, within)
}

// synced is what came of a full resync.
func (r Result) synced() string {
	for _, c := range r.Result.Covered {
		if c.Uncompared != "" {
			return "not all could be sent or compared: " + coveredText(r.Result.Covered)
		}
	}
	return "sent all connections: " + coveredText(r.Result.Covered)
}

// coveredText says how much of the connections each backup holds.
func coveredText(covered map[string]spec.Coverage) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(covered)) {
		words = append(words, name+" "+coverageText(covered[name]))
	}
	return strings.Join(words, ", ")
}

// untilOr is how long something lasts: to its time, or until the command that ends it.
func untilOr(at time.Time, command string) string {
	if at.IsZero() {
		return " until " + command
	}
	return until(at)
}

// rollbackEnds is what ends a rollback by itself.
func rollbackEnds(at time.Time) string {
	const branch = "until the branch asks for something else"
	if at.IsZero() {
		return branch
	}
	return branch + ", at most" + strings.TrimPrefix(until(at), ",")
}
