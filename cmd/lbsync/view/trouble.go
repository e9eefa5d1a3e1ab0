package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Health is the verdict on a director, in one word.
type Health string

// The verdicts, from bad to good.
const (
	Failing    Health = "failing"     // a call, the kernel or the journal does not do what it should
	Impaired   Health = "impaired"    // a service lost its quorum, or failures of checks are not believed
	Invalid    Health = "invalid"     // the branch's tip is no fleet that could be held: its HCL, or its directors
	Reverted   Health = "reverted"    // the branch's tip was applied, and taken back
	Refused    Health = "refused"     // the branch asks for what policy forbids
	Held       Health = "held"        // an operator, or the order of work, keeps changes back
	Behind     Health = "behind"      // the branch is ahead of what is applied
	Drifted    Health = "drifted"     // something was changed outside git
	NotStarted Health = "not started" // no commit was ever applied
	Fine       Health = "fine"
)

// Trouble is one thing that is wrong, and since when.
type Trouble struct {
	Health Health    `json:"health"`
	What   string    `json:"what"`
	Since  time.Time `json:"since,omitzero"`
}

// troubles are worst first.
func troubles(s spec.Status, now time.Time) []Trouble {
	out := []Trouble{}
	out = append(out, failing(s, now)...)
	out = append(out, impaired(s.Health)...)
	if r := s.Refusal; r != nil {
		verdict := Refused
		if r.Invalid {
			verdict = Invalid
		}
		out = append(out, Trouble{verdict, fmt.Sprintf("commit %s %q: %s", r.Commit.Short(), r.Commit.Subject, r.Reason), r.At})
	}
	tip := s.Source.Tip
	back := s.Reverted != nil && tip != nil && tip.ID == s.Reverted.Commit.ID
	if r := s.Reverted; back && s.Pin == nil {
		out = append(out, Trouble{Reverted, fmt.Sprintf("commit %s %q was taken back to %s and is not tried again, a newer commit is: %s", r.Commit.Short(), r.Commit.Subject, r.Before.Short(), unmetText(r.Unmet)), r.At})
	}
	out = append(out, heldBack(s)...)
	switch {
	case s.Applied == nil:
		out = append(out, Trouble{NotStarted, "no commit was applied yet", s.Started})
	case tip != nil && tip.ID != s.Applied.Commit.ID && s.Pin == nil && s.Refusal == nil && s.Pending == nil && !back:
		out = append(out, Trouble{Behind, fmt.Sprintf("commit %s %q is not applied yet", tip.Short(), tip.Subject), s.Source.BehindSince})
	}
	if n := len(s.Flapping); n > 0 {
		f := s.Flapping[0]
		out = append(out, Trouble{Drifted, fmt.Sprintf("%s changed outside git again and again, first %s: who else writes it?", plural(n, "object"), object(f.Object)), f.First})
	}
	if n := len(s.Drift); n > 0 {
		out = append(out, Trouble{Drifted, plural(n, "object") + " changed outside git", firstSeen(s.Drift)})
	}
	return out
}

func failing(s spec.Status, now time.Time) []Trouble {
	var out []Trouble
	channel := spec.ChannelStatus{}
	if s.Channel != nil {
		channel = *s.Channel
	}
	for _, p := range []struct {
		what string
		*spec.Problem
	}{{"kernel", s.Kernel}, {"git source", s.Source.Failing}, {"journal", s.Journal.Failing}, {"journal", s.Journal.Broken}, {"state folder", s.Disk},
		{"key", channel.Key}, {"channel", channel.Listener}} {
		if p.Problem != nil {
			out = append(out, Trouble{Failing, p.what + ": " + callText(p.Problem), p.Since})
		}
	}
	for _, p := range s.Peers {
		if p.Journal != nil {
			out = append(out, Trouble{Failing, p.Journal.Error, p.Journal.Since})
		}
	}
	out = append(out, electing(s, now)...)
	kernel, engine := byHolder(s.Failures)
	if n := len(kernel); n > 0 {
		out = append(out, Trouble{Failing, fmt.Sprintf("kernel refused %s, first %s", plural(n, "change"), object(kernel[0].Object)), kernel[0].Since})
	}
	if n := len(engine); n > 0 {
		out = append(out, Trouble{Failing, fmt.Sprintf("%s of VRRP failed, first %s", plural(n, "change"), object(engine[0].Object)), engine[0].Since})
	}
	return out
}

func callText(p *spec.Problem) string {
	if p.Call == "" || strings.HasPrefix(p.Error, p.Call) {
		return p.Error
	}
	return p.Call + ": " + p.Error
}

func heldBack(s spec.Status) []Trouble {
	var out []Trouble
	if u := s.Suspension; u != nil {
		out = append(out, Trouble{Held, "suspended by " + u.Actor.String() + because(u.Reason) + until(u.Until), u.At})
	}
	if p := s.Pin; p != nil {
		word, ends := "pinned to ", until(p.Until)
		if p.Rollback {
			word, ends = "rolled back to ", ", "+rollbackEnds(p.Until)
		}
		out = append(out, Trouble{Held, word + p.Commit.Short() + " by " + p.Actor.String() + because(p.Reason) + ends, p.At})
	}
	if n := len(s.Holds); n > 0 {
		for _, h := range s.Holds {
			n += h.More
		}
		t := Trouble{Held, plural(n, "change") + " waiting, first " + object(s.Holds[0].Object) + ": " + s.Holds[0].Why, time.Time{}}
		if p := s.Pending; p != nil {
			t = Trouble{Held, fmt.Sprintf("commit %s %q waits: %s", p.Commit.Short(), p.Commit.Subject, s.Holds[len(s.Holds)-1].Why+until(s.Holds[len(s.Holds)-1].Until)), p.At}
		}
		out = append(out, t)
	}
	return out
}

func unmetText(unmet []spec.Unmet) string {
	words := make([]string, len(unmet))
	for i, u := range unmet {
		words[i] = u.String()
	}
	return strings.Join(words, "; ")
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return fmt.Sprintf(" (%q)", reason)
}

func firstSeen(drift []spec.Drift) time.Time {
	first := drift[0].FirstSeen
	for _, d := range drift {
		if d.FirstSeen.Before(first) {
			first = d.FirstSeen
		}
	}
	return first
}

// done is what somebody did to an object: "scheduler wrr → rr changed outside git". A drift's fields are what undoes it.
func done(d spec.Drift) string {
	var parts []string
	for _, f := range d.Fields {
		if d.Action == spec.Edit {
			parts = append(parts, f.Name+" "+orNone(f.After)+" → "+orNone(f.Before))
		}
	}
	return strings.TrimPrefix(strings.Join(parts, ", ")+" "+outside[d.Action], " ")
}
