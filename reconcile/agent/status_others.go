package agent

import (
	"cmp"
	"fmt"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// heldOf names what waits, once for each reason: a commit may have thousands of changes that wait for one director.
func heldOf(lists ...[]spec.Hold) []spec.Held {
	var out []spec.Held
	at := map[string]int{}
	for _, list := range lists {
		for _, h := range list {
			if i, seen := at[h.Why]; seen {
				out[i].More++
				continue
			}
			at[h.Why] = len(out)
			held := spec.Held{Object: spec.Object{Kind: "commit"}, Field: h.Field, Why: h.Why, Until: h.Until}
			if h.Key != nil {
				held.Object = spec.ObjectOf(h.Key)
			}
			out = append(out, held)
		}
	}
	return out
}

// progress is how far a commit has come, and what the others hold.
func (a *Agent) progress(s *spec.Status) {
	s.Confirmed, s.Reverted, s.Resynced = a.held.Confirmed, a.held.Reverted, a.resync.last
	if f := a.facts(); reconcile.Known(f.Peers) {
		s.Strangers = f.Strangers
	}
	if a.held.View != nil {
		_, s.Routine = reconcile.Routine(*a.held.View, a.facts(), a.resync.last)
	}
	if a.pending != nil {
		s.Pending = &spec.CommitAt{Commit: a.pending.commit, At: a.pendingSince}
	}
	if t := a.held.Trial; t != nil {
		now := t.Trial
		now.Until = a.timed(t)
		if u := a.unknown; u.Checks > 0 {
			now.Unjudged, now.Until = &u, u.Awaited(now.Until)
		}
		s.Trial = &now
	}
	for name, c := range a.covered {
		s.Peers = append(s.Peers, spec.PeerStatus{Director: name, Coverage: &c})
	}
	for name, j := range a.journals {
		if j.Wrong != nil {
			s.Peers = append(s.Peers, spec.PeerStatus{Director: name, Journal: j.Wrong})
		}
	}
	mates, earlier := reconcile.Apart(a.parts.Exchange.Facts(), a.views()...)
	for name := range earlier {
		if _, mate := mates[name]; !mate {
			s.Peers = append(s.Peers, spec.PeerStatus{Director: name, Earlier: true})
		}
	}
}

// peersOf are the other directors as they answer now, with what the loop knows of them.
func peersOf(facts map[string]spec.PeerFact, known []spec.PeerStatus) []spec.PeerStatus {
	var out []spec.PeerStatus
	for _, name := range sortedNames(facts) {
		p := facts[name]
		s := spec.PeerStatus{Director: name, Answers: p.Answers(), Silent: p.Silent, Why: p.Why}
		if r := p.Report; r != nil {
			s.Commit, s.Confirmed, s.Stays = r.Commit, r.Confirmed == r.Commit && !r.Unproven && r.Commit != "", r.Stays
		}
		for _, k := range known {
			if k.Director == name {
				s.Coverage, s.Earlier, s.Journal = cmp.Or(k.Coverage, s.Coverage), s.Earlier || k.Earlier, cmp.Or(k.Journal, s.Journal)
			}
		}
		out = append(out, s)
	}
	return out
}

// quarantinedTip says whether the commit to follow was taken back.
func (a *Agent) quarantinedTip() bool {
	goal, ok := a.goal()
	return ok && a.quarantined(goal)
}

// waitingFor is one line.
func (a *Agent) waitingFor() string {
	commit, why := a.held.Commit, ""
	if a.pending != nil {
		commit = a.pending.commit
	}
	if len(a.awaited) > 0 {
		why = ": " + a.awaited[0].Why
	}
	return fmt.Sprintf("%s waits%s", commit.Short(), why)
}
