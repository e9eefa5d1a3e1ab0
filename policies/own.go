package policies

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

// ownRules asks the rules of the fleet's own: those of this commit, and those of the accepted one that differ, so that a commit cannot
// weaken a rule and use the weakness at once.
func (j *judgement) ownRules() {
	for _, name := range slices.Sorted(maps.Keys(j.now)) {
		if p := j.now[name]; j.wanted(name) && j.sound(p) && p.Def.Own() {
			j.ask(p, j.level(p), false)
		}
	}
	var asked []spec.Placed[spec.Policy]
	for _, book := range j.accepted {
		for _, p := range book.own() {
			same := func(o spec.Placed[spec.Policy]) bool { return o.Def.Same(p.Def) }
			if now, ok := j.now[p.Def.Name]; ok && same(now) || slices.ContainsFunc(asked, same) || !j.wanted(p.Def.Name) {
				continue
			}
			asked = append(asked, p)
			j.ask(p, j.level(p), true)
		}
	}
}

// level is the strictest that a rule of the fleet's own has in a commit which asks the same.
func (j *judgement) level(p spec.Placed[spec.Policy]) spec.Level {
	level := p.Def.Level
	for _, book := range j.accepted {
		if was, ok := book[p.Def.Name]; ok && was.Def.Same(p.Def) {
			level = max(level, was.Def.Level)
		}
	}
	return level
}

// sound refuses a block that is about no rule, or that gives a built-in rule another condition.
func (j *judgement) sound(p spec.Placed[spec.Policy]) bool {
	b, known := builtIn(p.Def.Name)
	summary, detail := "", ""
	switch {
	case known && p.Def.Own():
		summary, detail = "the name is that of a built-in rule", "Its condition cannot be changed, only its level and overridden_by. Give this rule another name."
	case !known && !p.Def.Own():
		summary = "there is no such built-in rule"
		detail = "A rule of your own has a condition." + spec.DidYouMean(p.Def.Name, builtInNames())
	case known && len(p.Def.OverriddenBy) > 0 && j.now.level(b) != spec.Overridable:
		summary = fmt.Sprintf("a rule of level %s is never overridden", j.now.level(b))
		detail = `Write level = "overridable", or remove overridden_by.`
	default:
		return true
	}
	at := p.Place.Pos(p.Def.At)
	f := found(at, summary, "%s", detail)
	j.find(diagnostic(f, spec.Broken{Rule: p.Def.Name, Level: spec.Deny, At: at}))
	return false
}

// ask asks one rule. before says that it is the accepted commit's.
func (j *judgement) ask(p spec.Placed[spec.Policy], level spec.Level, before bool) {
	r, err := spec.NewOwnRule(p)
	b := spec.Broken{Rule: p.Def.Name, Level: level, At: p.Place.Pos(p.Def.Asked())}
	if before {
		b.Meaning, b.At = fmt.Sprintf("%s (%s of the accepted commit)", written(p), b.At), spec.Pos{}
	}
	if err != nil {
		j.find(failing(b, before, "it cannot be read", err.Error()))
		return
	}
	if why := j.lacks(r); why != "" {
		j.skip(p.Def.Name, why)
		return
	}
	if _, twice := j.now[p.Def.Name]; !before || !twice {
		j.out.Ran = append(j.out.Ran, Ran{p.Def.Name, level, written(p)})
	}
	cases, more := r.Ask(j.about(r), j.in.Expired)
	for _, c := range cases {
		j.find(caseDiagnostic(c, b, before))
	}
	if more > 0 {
		j.find(diagnostic(Finding{Summary: fmt.Sprintf("and %d more", more), Detail: "Those that were not said are of the same kind."}, b))
	}
}

// written is a condition on one line.
func written(p spec.Placed[spec.Policy]) string {
	text := "condition = " + strings.Join(strings.Fields(p.Def.Condition.Text), " ")
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "") + "…"
	}
	return text
}

// lacks says what is missing for a rule to be asked.
func (j *judgement) lacks(r *spec.OwnRule) string {
	switch {
	case r.Uses("changes") && j.in.Changes == nil:
		return "no accepted commit to compare with"
	case r.Uses("commit") && j.in.Commit == nil:
		return "no commit that brings the fleet"
	}
	return ""
}

// about is what rules are asked about. What a commit changes is worked out once, if a rule wants it.
func (j *judgement) about(r *spec.OwnRule) *spec.Subject {
	if j.subject == nil {
		j.subject = &spec.Subject{Fleet: j.in.Fleet, Priors: j.in.Priors, Commit: j.in.Commit}
	}
	if r.Uses("changes") && j.subject.Changes == nil {
		j.subject.Changes = j.in.Changes()
	}
	return j.subject
}

const byAccepted = "So says the rule of the accepted commit: a change of a rule counts from the next commit on."

func caseDiagnostic(c spec.Case, b spec.Broken, before bool) *hcl.Diagnostic {
	if c.Failed != nil {
		d := failing(b, before, lowerFirst(c.Failed.Summary), c.Failed.Detail)
		if !before {
			d.Subject = c.Failed.Subject
		}
		return d
	}
	f := Finding{At: c.At, Summary: c.Message}
	if c.Key != "" && !strings.Contains(c.Message, c.Key) {
		f.Detail = "This is about " + c.Key + "."
	}
	if before {
		f.Detail = strings.TrimSpace(f.Detail + " " + byAccepted)
	}
	return diagnostic(f, b)
}

// failing is a rule that cannot be asked. It refuses at every level, or a mistake in a rule would turn it off.
func failing(b spec.Broken, before bool, what, detail string) *hcl.Diagnostic {
	f := Finding{Summary: "cannot be judged, " + what, Detail: strings.TrimSpace(detail + " A rule that cannot be judged refuses the commit.")}
	if before {
		f.Detail += " " + byAccepted
	}
	d := diagnostic(f, b)
	d.Severity = hcl.DiagError
	return d
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
