package journal

import (
	"cmp"
	"errors"
	"slices"
	"time"
)

// Generation is a run of attempts at one commit that ended alike: retries are counted, not listed. After a commit was applied or rolled
// back to, the further attempts are repairs of what drifted.
type Generation struct {
	Commit   string        `json:"commit"`
	Author   string        `json:"author,omitempty"`
	Actor    string        `json:"actor,omitempty"` // who had it tried: "agent", or an operator
	Time     time.Time     `json:"time"`            // begin of the first attempt
	Outcome  Event         `json:"outcome"`         // Applied, Refused, Failed, RolledBack, Reverted; Intent: no outcome is known (yet)
	Plan     string        `json:"plan,omitempty"`
	Changes  int           `json:"changes"`
	Duration time.Duration `json:"duration"`         // of the first attempt, in nanoseconds; from the intent to the outcome
	Detail   string        `json:"detail,omitempty"` // why it was refused or failed, or the reason that an operator gave
	Attempts int           `json:"attempts"`         // 1 or more
	Last     time.Time     `json:"last,omitzero"`    // begin of the last attempt, when there are more than one
	Seq      uint64        `json:"seq"`              // the record of the first attempt's outcome
}

// History is the last n generations, newest first; 0 is all of them. Lines that are no records are passed over: Verify tells of them.
func History(dir string, n int) ([]Generation, error) {
	var h history
	events := []Event{Pinned, Planned, Intent, Applied, Refused, Failed, RolledBack, Reverted}
	for r, err := range Read(dir, Filter{Events: events, Newest: true}) {
		if _, noRecord := errors.AsType[*LineError](err); noRecord {
			continue
		}
		if err != nil {
			return nil, err
		}
		h.take(r)
		if n > 0 && len(h.done) > n {
			break
		}
	}
	h.end()
	if n > 0 && len(h.done) > n {
		h.done = h.done[:n]
	}
	return h.done, nil
}

// history sees the records newest first: an attempt by its outcome, then its intent, then its plan.
type history struct {
	done []Generation // the last one may still grow towards the past
	cur  *Generation
	from Event // the earliest record of cur so far
}

func (h *history) take(r Record) {
	switch {
	case r.Event == Pinned:
		if h.cur != nil && h.asked(r) {
			h.cur.Detail = cmp.Or(h.cur.Detail, r.Detail)
			h.end()
		}
	case h.cur != nil && h.begins(r):
		h.cur.complete(r)
		h.from = r.Event
	case r.Event != Planned:
		h.end()
		h.cur = &Generation{Commit: r.Commit, Time: r.Time, Last: r.Time, Outcome: r.Event, Plan: r.Plan, Attempts: 1, Seq: r.Seq}
		h.cur.complete(r)
		h.cur.Detail = r.Detail
		if r.Event == Refused || r.Event == Failed || r.Event == Reverted {
			h.cur.Detail = cmp.Or(r.Detail, r.Result)
		}
		h.from = r.Event
	}
}

// begins tells whether the record is an earlier part of the current attempt. A refused commit has none.
func (h *history) begins(r Record) bool {
	if h.cur.Outcome == Refused || r.Commit != h.cur.Commit || r.Plan != h.cur.Plan {
		return false
	}
	return r.Event == Intent && h.from != Intent && h.from != Planned || r.Event == Planned && h.from != Planned
}

// asked tells whether the current attempt is what an operator's pin led to; a pin to what is held already leads to none.
func (h *history) asked(r Record) bool {
	return h.from == Planned && r.Commit == h.cur.Commit && r.Actor == h.cur.Actor
}

func (g *Generation) complete(r Record) {
	if r.Event == Intent {
		g.Duration = g.Last.Sub(r.Time)
	}
	if r.Event != Planned {
		g.Time = r.Time
	}
	g.Author = cmp.Or(g.Author, r.Author)
	g.Actor = cmp.Or(g.Actor, r.Actor)
	g.Changes = max(g.Changes, r.Changes)
}

// end closes the current attempt. It becomes the first one of the generation after it when both are of one commit and ended alike, or
// the later one repaired what this one rolled back to.
func (h *history) end() {
	if h.cur == nil {
		return
	}
	g := *h.cur
	h.cur = nil
	g.Last = time.Time{}
	if i := len(h.done) - 1; i >= 0 && h.done[i].follows(g) {
		later := h.done[i]
		g.Attempts += later.Attempts
		g.Last = later.Last
		if g.Last.IsZero() {
			g.Last = later.Time
		}
		h.done = slices.Delete(h.done, i, i+1)
	}
	h.done = append(h.done, g)
}

func (g *Generation) follows(first Generation) bool {
	return g.Commit == first.Commit && (g.Outcome == first.Outcome || g.Outcome == Applied && first.Outcome == RolledBack)
}
