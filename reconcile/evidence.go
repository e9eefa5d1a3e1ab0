package reconcile

import (
	"fmt"
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// objection is why a director has to wait for another one; the zero objection is none.
type objection struct {
	why   string
	until time.Time // when the wait ends by itself; zero: not before its cause
}

// unawaited says whether a director that does not answer is not waited for any more: its time is over and the fleet says to proceed,
// or an operator said so.
func unawaited(r spec.Rollout, p spec.PeerFact, f spec.Facts) bool {
	if p.Answers() || p.Silent.IsZero() {
		return false
	}
	return f.Released != "" || r.ProceedSilent && r.PeerTimeout > 0 && f.Now.Sub(p.Silent) >= r.PeerTimeout
}

// silence is the objection of a director that does not answer.
func silence(name string, r spec.Rollout, p spec.PeerFact, f spec.Facts) objection {
	switch {
	case p.Silent.IsZero():
		return objection{why: name + " has not been heard yet"}
	case unawaited(r, p, f):
		return objection{}
	}
	o := objection{why: fmt.Sprintf("%s does not answer (%s)", name, p.Why)}
	if r.ProceedSilent && r.PeerTimeout > 0 {
		o.until = p.Silent.Add(r.PeerTimeout)
	}
	return o
}

// evidence is what a director must say before the master of an instance changes it too: this very commit is applied there, what is live
// is as it should be, its probes held, and nothing of the instance is left to do. Its good health in general is none.
func evidence(name, commit string, i spec.InstanceKey, rendering spec.Digest, cluster *spec.Cluster, f spec.Facts) objection {
	p := f.Peers[name]
	if !p.Answers() {
		return silence(name, cluster.Rollout, p, f)
	}
	r := p.Report
	switch {
	case r.Commit != commit:
		return elsewhere(name, r)
	case r.Rendering[cluster.Name] != rendering:
		return objection{why: fmt.Sprintf("%s makes something else of this commit: it runs lbsync %s", name, r.Program)}
	case slices.Contains(r.Waiting, i):
		return objection{why: fmt.Sprintf("%s waits too: it is master of %s as well", name, i)}
	}
	return unfinished(name, commit, r)
}

// elsewhere is the objection of a director that holds another commit.
func elsewhere(name string, r *spec.PeerReport) objection {
	why := fmt.Sprintf("%s holds %s", name, orNothing(r.Commit))
	if r.Stays != "" {
		why += ": " + r.Stays
	}
	return objection{why: why}
}

// unfinished is what a director that holds the commit has still to do with it.
func unfinished(name, commit string, r *spec.PeerReport) objection {
	switch {
	case !r.Settled:
		return objection{why: name + " is still applying it"}
	case r.Unproven || r.Confirmed != commit:
		return objection{why: name + " has applied it, its probes are still awaited"}
	}
	return objection{}
}

func orNothing(id string) string {
	if id == "" {
		return "no commit yet"
	}
	return spec.ShortID(id)
}
