package reconcile

import (
	"fmt"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Waved is why a commit waits for the wave before: every director of it must have confirmed this very commit, and kept it for the time
// to soak. Until is when the wait ends by itself. An operator's word to proceed ends the soak, and the wait for those that do not answer.
func Waved(v spec.View, commit string, f spec.Facts) (why string, until time.Time, waits bool) {
	if len(v.Earlier) == 0 {
		return "", time.Time{}, false
	}
	rollout := v.Rollout()
	var soaked time.Time
	var from string
	for _, d := range v.Earlier {
		name := d.Def.Name
		p := f.Earlier[name]
		if o := arrived(name, commit, rollout, p, f); o.why != "" {
			return "the wave before: " + o.why, o.until, true
		}
		if !p.Answers() {
			continue
		}
		if at := p.Report.ConfirmedAt.Add(rollout.Soak); at.After(soaked) {
			soaked, from = at, name
		}
	}
	if soaked.After(f.Now) && f.Released == "" {
		return fmt.Sprintf("the wave before: it must have held on %s for %v", from, rollout.Soak), soaked, true
	}
	return "", time.Time{}, false
}

// arrived is what a director of the wave before still lacks: it must hold this very commit, whole, and have confirmed it.
func arrived(name, commit string, rollout spec.Rollout, p spec.PeerFact, f spec.Facts) objection {
	if !p.Answers() {
		return silence(name, rollout, p, f)
	}
	r := p.Report
	switch {
	case r.Commit != commit:
		return elsewhere(name, r)
	case len(r.Waiting) > 0:
		return objection{why: fmt.Sprintf("%s waits for others of its cluster, for %s", name, r.Waiting[0])}
	}
	return unfinished(name, commit, r)
}

// Apart divides what is known of other directors: those that share a cluster with this one, and those of the wave before.
func Apart(facts map[string]spec.PeerFact, views ...spec.View) (mates, earlier map[string]spec.PeerFact) {
	mates, earlier = map[string]spec.PeerFact{}, map[string]spec.PeerFact{}
	for _, v := range views {
		among(mates, facts, v.Others)
		among(earlier, facts, v.Earlier)
	}
	return mates, earlier
}

func among(out, facts map[string]spec.PeerFact, directors []spec.Placed[spec.Director]) {
	for _, d := range directors {
		if p, known := facts[d.Def.Name]; known {
			out[d.Def.Name] = p
		}
	}
}
