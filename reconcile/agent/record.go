package agent

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// self is the actor of what no operator asked for.
const self = "agent"

// actorOf is an operator as the journal names one.
func actorOf(a spec.Actor) string {
	if a.Operator != "" {
		return a.String()
	}
	return strings.TrimSpace(strconv.FormatUint(uint64(a.UID), 10) + " " + a.Login)
}

// of gives a record its commit.
func of(c spec.Commit, r journal.Record) journal.Record {
	r.Commit = c.ID
	if c.Author != "" {
		r.Author = c.Author + " <" + c.Email + ">"
	}
	return r
}

// record appends to the journal and says the same in the log. An error is also kept for status.
func (a *Agent) record(recs ...journal.Record) error {
	if len(recs) == 0 {
		return nil
	}
	w := a.sign(recs)
	_, w.err = a.journal.Append(recs...)
	return a.recorded(w)
}

// written is an append to the journal, and how it ended.
type written struct {
	recs  []journal.Record
	lacks int // records before that could not be written, as these say
	err   error
}

// sign makes records ready for the journal, and says them in the log.
func (a *Agent) sign(recs []journal.Record) written {
	for i := range recs {
		recs[i].Director = a.cfg.Director
	}
	a.say(recs)
	if a.unrecorded > 0 {
		recs[0].Detail = strings.TrimSpace(fmt.Sprintf("%s (%d records before this one could not be written)", recs[0].Detail, a.unrecorded))
	}
	return written{recs: recs, lacks: a.unrecorded}
}

// recorded goes on with how an append ended.
func (a *Agent) recorded(w written) error {
	if w.err != nil {
		a.unrecorded += len(w.recs)
		a.audit = problem(a.audit, "append to journal", w.err)
		a.agenda.sooner(retry, a.later())
		a.parts.Log.Error("append to journal", "error", w.err)
		return w.err
	}
	if a.unrecorded -= w.lacks; a.unrecorded == 0 {
		a.audit = nil
	}
	a.notice(w.recs)
	return nil
}

func (a *Agent) say(recs []journal.Record) {
	for _, r := range recs {
		level := slog.LevelInfo
		switch r.Event {
		case journal.Step:
			level = slog.LevelDebug
		case journal.Refused, journal.Failed, journal.Reverted, journal.Drift, journal.SourceFailing, journal.Recovered, journal.ChainBroken, journal.PeerJournal:
			level = slog.LevelWarn
		}
		var attrs []any
		for _, f := range []struct{ name, value string }{
			{"commit", r.Commit}, {"actor", r.Actor}, {"key", r.Key}, {"before", r.Before}, {"after", r.After},
			{"result", r.Result}, {"detail", r.Detail}, {"diagnostics", r.Diagnostics},
		} {
			if f.value != "" {
				attrs = append(attrs, f.name, f.value)
			}
		}
		a.parts.Log.Log(context.Background(), level, r.Event.String(), attrs...)
	}
}

// planRecords say what is about to be done.
func (a *Agent) planRecords(c spec.Commit, actor string, p spec.Plan) []journal.Record {
	s := p.Summary(time.Now())
	steps := make([]string, len(p.Steps))
	for i, st := range p.Steps {
		steps[i] = fmt.Sprintf("%s: %d", st.Phase, len(st.Changes))
	}
	r := of(c, journal.Record{Actor: actor, Plan: p.Digest.String(), Changes: p.Changes(),
		Detail: fmt.Sprintf("%d to add, %d to change, %d to remove, %d of them drift; risk: %s", s.Add, s.Edit, s.Remove, s.Drifted, s.Risk)})
	planned, intent := r, r
	planned.Event = journal.Planned
	intent.Event, intent.Detail = journal.Intent, strings.Join(steps, ", ")
	return []journal.Record{planned, intent}
}

// recordedEach is how many changes of a step get a record of their own. Beyond that, as when an empty kernel is filled, the step is
// one record, and the commit says what its objects are; what was refused is recorded one by one all the same.
const recordedEach = 1000

// recordedAlike is how many changes that the engine did not take for one reason get a record of their own: it takes all or none, and
// while it is away thousands of addresses fail at each retry.
const recordedAlike = 10

func (a *Agent) stepRecords(p spec.Plan, e reconcile.StepEvent) []journal.Record {
	base := of(p.Commit, journal.Record{Event: journal.Step, Actor: self, Plan: p.Digest.String(), Step: fmt.Sprintf("%s, %d/%d", e.Step.Phase, e.Index+1, len(p.Steps))})
	var out []journal.Record
	done, alike := 0, map[string]int{}
	for i, c := range e.Step.Changes {
		r, err := base, e.Errors[i]
		if err == nil && len(e.Step.Changes) > recordedEach {
			done++
			continue
		}
		if err != nil && spec.IsVRRP(c.Key) {
			if alike[err.Error()]++; alike[err.Error()] > recordedAlike {
				continue
			}
		}
		r.Kind, r.Key, r.Before, r.After, r.Result = c.Key.Kind(), c.Key.String(), valueText(c.Before), valueText(c.After), "ok"
		if err != nil {
			r.Result = err.Error()
		}
		out = append(out, r)
	}
	if done > 0 {
		base.Changes, base.Result, base.Detail = done, "ok", fmt.Sprintf("%d changes", done)
		out = append(out, base)
	}
	for _, why := range slices.Sorted(maps.Keys(alike)) {
		if more := alike[why] - recordedAlike; more > 0 {
			base.Changes, base.Result, base.Detail = more, why, fmt.Sprintf("%d more changes of VRRP", more)
			out = append(out, base)
		}
	}
	return out
}

// driftRecords are what was changed outside git: Before is what should be, After is what was found.
func (a *Agent) driftRecords(fresh []spec.Change) []journal.Record {
	if len(fresh) > recordedEach {
		return []journal.Record{of(a.held.Commit, journal.Record{Event: journal.Drift, Actor: self, Changes: len(fresh),
			Detail: fmt.Sprintf("%d objects, the first %s %s", len(fresh), fresh[0].Key.Kind(), fresh[0].Key)})}
	}
	out := make([]journal.Record, 0, len(fresh)+2)
	for _, c := range fresh {
		out = append(out, of(a.held.Commit, journal.Record{Event: journal.Drift, Actor: self,
			Kind: c.Key.Kind(), Key: c.Key.String(), Before: valueText(c.After), After: valueText(c.Before)}))
	}
	return out
}

// valueText is "weight=3 forwarding=dr", "" for an object that is not there.
func valueText(v spec.Value) string {
	if v == nil {
		return ""
	}
	var set []string
	for _, f := range v.Attrs() {
		if f.Value != "" {
			set = append(set, f.Name+"="+f.Value)
		}
	}
	return strings.Join(set, " ")
}
