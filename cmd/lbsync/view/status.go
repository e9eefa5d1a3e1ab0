package view

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Status is what an operator at night needs: whether all is well, and if not, what is wrong since when.
type Status struct {
	Head
	Health  Health      `json:"health"`
	Trouble []Trouble   `json:"trouble"` // worst first; empty when all is well
	Now     time.Time   `json:"now"`
	Agent   spec.Status `json:"agent"`
}

// NewStatus judges an agent's status.
func NewStatus(s spec.Status, now time.Time) Status {
	t := troubles(s, now)
	out := Status{Head: head("status"), Health: Fine, Trouble: t, Now: now, Agent: s}
	if len(t) > 0 {
		out.Health = t[0].Health
	}
	return out
}

// Text begins with the verdict.
func (s Status) Text(t *Text) {
	a := s.Agent
	style := map[bool]Style{true: Green, false: Red}[s.Health == Fine]
	if s.Health == Fine {
		t.Line(Bold.In(a.Director+": "), style.In("everything is fine"), Plain.In(", in sync with "+commitText(a.Applied, s.Now)))
	} else {
		first := s.Trouble[0]
		t.Line(Bold.In(a.Director+": "), style.In(string(s.Health)), Plain.In(": "+first.What+since(s.Now, first.Since)))
	}
	for _, p := range s.Trouble[min(1, len(s.Trouble)):] {
		t.Line(Plain.In("  also "), Yellow.In(string(p.Health)), Plain.In(": "+p.What+since(s.Now, p.Since)))
	}
	t.Linef("")
	t.Table("  ", s.facts())
	s.lists(t)
}

func since(now, then time.Time) string {
	if then.IsZero() {
		return ""
	}
	return ", since " + span(now.Sub(then)) + " (" + stamp(then) + ")"
}

func commitText(c *spec.CommitAt, now time.Time) string {
	if c == nil {
		return "no commit yet"
	}
	return fmt.Sprintf("%s %q by %s, %s", c.Commit.Short(), c.Commit.Subject, c.Commit.Author, ago(now, c.At))
}

// facts are the lines that are there whatever the verdict.
func (s Status) facts() [][]Cell {
	a := s.Agent
	rows := [][]Cell{
		cells("applied", commitText(a.Applied, s.Now)),
		cells("source", s.sourceText()),
		cells("doing", string(a.Phase)+" for "+span(s.Now.Sub(a.Since))+s.blocked()),
		cells("live", fmt.Sprintf("%s, %s; %s put right, %s", plural(a.Services, "service"), plural(a.RealServers, "real server"),
			plural(int(a.Repaired), "drifted object"), plural(len(a.Foreign), "foreign object"))),
	}
	if p := a.Plan; p != nil {
		rows = append(rows, cells("last plan", fmt.Sprintf("%s, %d added, %d changed, %d removed, %d failed, %s",
			p.Digest.String()[:len("sha256:")+12], p.Add, p.Edit, p.Remove, p.Failed, ago(s.Now, p.At))))
	}
	if tr := a.Trial; tr != nil {
		text := fmt.Sprintf("%s until %s; if a probe does not hold, back to %s", tr.Commit.Short(), stamp(tr.Until), tr.Before.Short())
		if tr.Unjudged != nil {
			text += "; " + tr.Unjudged.Text(tr.Until.Sub(tr.Began))
		}
		rows = append(rows, cells("on trial", text))
	}
	rows = append(rows, peerFacts(a.Peers, s.Now)...)
	rows = append(rows, s.syncFacts()...)
	rows = append(rows, s.vrrpFacts()...)
	rows = append(rows, s.healthFacts()...)
	return append(rows,
		cells("journal", "record "+strconv.FormatUint(a.Journal.Seq, 10)),
		cells("agent", "lbsync "+a.Program+", running for "+span(s.Now.Sub(a.Started))))
}

func (s Status) sourceText() string {
	src := s.Agent.Source
	text := src.URL + " " + src.Ref
	if src.Tip != nil {
		text += " at " + src.Tip.Short()
	}
	if !src.LastSuccess.IsZero() {
		text += ", answered " + ago(s.Now, src.LastSuccess)
	}
	if src.NextFetch.After(s.Now) {
		text += ", asked again in " + span(src.NextFetch.Sub(s.Now))
	}
	return text
}

func (s Status) blocked() string {
	if b := s.Agent.BlockedOn; b != nil {
		return ", in the call " + b.Name + " for " + span(s.Now.Sub(b.Since))
	}
	return ""
}

// lists name what the verdict counts.
func (s Status) lists(t *Text) {
	rows := failed(s.Agent.Failures)
	for _, h := range s.Agent.Holds {
		rows = append(rows, []Cell{Yellow.In("held"), Plain.In(strings.TrimSpace(object(h.Object)+" "+h.Field) + more(h.More)), Plain.In(h.Why + until(h.Until))})
	}
	rows = append(rows, sickRows(s.Agent.Health, s.Now)...)
	rows = append(rows, overrideRows(s.Agent.Overrides)...)
	for _, d := range s.Agent.Drift {
		rows = append(rows, []Cell{Magenta.In("drift"), Plain.In(object(d.Object)), Plain.In(done(d) + ", first seen " + ago(s.Now, d.FirstSeen) + left(d.Left))})
	}
	for _, f := range s.Agent.Flapping {
		rows = append(rows, []Cell{Magenta.In("flapping"), Plain.In(object(f.Object)), Plain.In(fmt.Sprintf("put right %d times within the last hour, last %s", f.Repairs, ago(s.Now, f.Last)))})
	}
	for _, f := range s.Agent.Foreign {
		rows = append(rows, []Cell{Dim.In("foreign"), Plain.In(object(f)), Plain.In("not ours, left alone")})
	}
	for _, st := range s.Agent.Strangers {
		rows = append(rows, []Cell{Yellow.In("stranger"), Plain.In(st.Addr.String()), Plain.In(strangerText(st, s.Now))})
	}
	rows = append(rows, refusedRows(s.Agent.Channel, s.Now)...)
	if s.Agent.VRRP != nil {
		rows = append(rows, remarks(s.Agent.VRRP, s.Now)...)
		rows = append(rows, badTrackers(s.Agent.VRRP, s.Now)...)
	}
	for _, d := range s.Agent.Advice {
		if d.Level == spec.Overridable.String() {
			rows = append(rows, []Cell{Yellow.In("overridden"), Plain.In(cmp.Or(d.Pos.String(), d.Rule)), Plain.In(d.Summary + ". " + d.Detail)})
		}
	}
	for _, d := range refusal(s.Agent) {
		rows = append(rows, []Cell{Red.In("refused"), Plain.In(cmp.Or(d.Pos.String(), d.Severity)), Plain.In(d.Summary)})
	}
	if len(rows) == 0 {
		return
	}
	t.Linef("")
	t.Table("  ", rows[:min(len(rows), listed)])
	if rest := len(rows) - listed; rest > 0 {
		t.Linef("  … and %d more; -o json has them all", rest)
	}
	refusedLines(t, refusal(s.Agent))
}

// left says that drift is not put right, and why.
func left(why string) string {
	if why == "" {
		return ""
	}
	return "; left: " + why
}

func refusal(s spec.Status) []spec.Diagnostic {
	if s.Refusal == nil {
		return nil
	}
	return s.Refusal.Diagnostics
}

func object(o spec.Object) string {
	if o.Kind == spec.KindService {
		k, _ := spec.ParseServiceKey(o.Key) // the zero key, which is nobody's, where it cannot be read
		return o.Key + ofChecks(k)
	}
	return string(o.Kind) + " " + o.Key
}
