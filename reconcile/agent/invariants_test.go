package agent

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

// trace is what happened in a simulation, one line each.
type trace struct {
	mu    sync.Mutex
	began time.Time
	lines []string
	wrong []string // what broke an invariant
}

func (t *trace) say(who, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, fmt.Sprintf("%9.3fs %-6s ", time.Since(t.began).Seconds(), who)+fmt.Sprintf(format, args...))
}

func (t *trace) violate(who, format string, args ...any) {
	t.say(who, "VIOLATES: "+format, args...)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrong = append(t.wrong, fmt.Sprintf(who+": "+format, args...))
}

// broken is what broke an invariant so far.
func (t *trace) broken() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.wrong
}

func (t *trace) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}

// ghost is what an onlooker notes of a director, to judge what it does.
type ghost struct {
	mu       sync.Mutex
	target   string          // commit that is carried out, by the last plan in the journal
	reverts  bool            // the plan takes a commit back
	open     string          // commit that the kernel has something of and that was neither confirmed nor taken back; "" for none
	proved   map[string]bool // commits that it said to have confirmed
	excluded bool            // an operator acted here, or it lies: it is not held to the order any more
	left     map[string]bool // directors that it stopped waiting for: they may not hear it any more, nor it them
}

// records sees each record of the journal as it is written.
func (d *director) records(recs []journal.Record) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range recs {
		commit := strings.TrimRight(r.Commit, "0")
		switch r.Event {
		case journal.Planned:
			d.target = commit
		case journal.Reverted:
			d.reverts, d.open = true, ""
		case journal.Applied, journal.Failed, journal.RolledBack, journal.Pinned:
			if d.reverts || r.Event == journal.Pinned || r.Event == journal.RolledBack {
				d.reverts, d.open = false, ""
			}
		case journal.Confirmed:
			d.open = ""
		}
		if r.Event != journal.Step && r.Event != journal.Fetched {
			d.s.trace.say(d.name, "%s %s %s %s", r.Event, commit, r.Result, r.Detail)
		}
	}
}

// tells sees each report before the others do: what a director says to have confirmed must have been on trial.
func (d *director) tells(r *spec.PeerReport) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.proved == nil {
		d.proved = map[string]bool{}
	}
	confirmed := strings.TrimRight(r.Confirmed, "0")
	if r.Commit == r.Confirmed && !r.Unproven && d.open != "" && d.open == confirmed && !d.excluded {
		d.s.trace.violate(d.name, "says that %s is confirmed, and its probes were never awaited", confirmed)
		d.open = ""
	}
	d.proved[confirmed] = true
}

// wiped is a kernel that is empty again.
func (d *director) wiped() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open, d.reverts = "", false
}

// watchedKernel judges what an agent does to its kernel, before and after.
type watchedKernel struct {
	*reconciletest.Target
	d *director
}

func (k watchedKernel) Apply(ctx context.Context, changes []spec.Change) []error {
	k.d.leave()
	for i := range changes {
		k.d.judge(&changes[i])
	}
	defer k.d.s.judgeSync(k.d)
	return k.Target.Apply(ctx, changes)
}

// leave notes whom the agent does not wait for.
func (d *director) leave() {
	for _, name := range d.s.names {
		if o := d.s.directors[name]; o != d && d.agent.held.View != nil && d.passesOver(o) {
			d.mu.Lock()
			if d.left == nil {
				d.left = map[string]bool{}
			}
			d.left[name] = true
			d.mu.Unlock()
		}
	}
}

// judge holds a change to the order across directors. It runs in the agent's goroutine.
func (d *director) judge(c *spec.Change) {
	k, ok := c.Key.(spec.DestKey)
	a := d.agent
	d.mu.Lock()
	target, own := d.target, ok && c.Reason != spec.ByDrift && c.Reason != spec.ByOverride && !d.reverts && a.held.View != nil && a.held.Pin == nil
	own = own && (d.target != strings.TrimRight(a.held.Commit.ID, "0") || a.held.Late) && len(d.end.Facts()) > 0
	if own {
		d.open = target
	}
	excluded := d.excluded
	d.mu.Unlock()
	if !own || excluded {
		return
	}
	instance := map[string]string{"192.0.2.1": "web", "192.0.2.2": "db"}[k.Service.Addr.Addr().String()]
	for _, name := range d.s.names {
		o := d.s.directors[name]
		if o == d || d.passesOver(o) {
			continue
		}
		open, proved := o.seen(target)
		if open != "" {
			d.s.trace.violate(d.name, "changes %s for %s while %s has %s and did not confirm it", instance, target, name, open)
		}
		if d.vrrp.Roles()[instance] == spec.RoleMaster && !proved {
			d.s.trace.violate(d.name, "is master of %s and changes it for %s, which %s never confirmed", instance, target, name)
		}
	}
}

// apart says whether nothing is promised between a director and another one.
func (d *director) apart(other string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.excluded || d.left[other]
}

// carries is the commit that is carried out.
func (d *director) carries() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.target
}

func (d *director) seen(commit string) (open string, proved bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.excluded {
		return "", true
	}
	return d.open, d.proved[commit]
}

// passesOver says whether another director does not answer, and is not waited for.
func (d *director) passesOver(o *director) bool {
	p := d.end.Facts()[o.name]
	f := d.agent.facts()
	proceeds := d.agent.held.View.Clusters[0].Rollout.ProceedSilent || d.s.proceeds(d.carries())
	return !p.Answers() && (f.Released != "" || proceeds)
}

// judgeSync looks whether every backup daemon hears the master daemons of those who are master.
func (s *simulation) judgeSync(after *director) {
	for _, m := range s.names {
		for _, b := range s.names {
			from, sends := s.directors[m].kernel.Load().State().Daemons.Find(spec.RoleMaster)
			to, hears := s.directors[b].kernel.Load().State().Daemons.Find(spec.RoleBackup)
			if m == b || !s.isMaster(m) || !sends || !hears || to.Value.SyncID == 0 || to.Value.SyncID == from.Value.SyncID || s.directors[m].apart(b) || s.directors[b].apart(m) {
				continue
			}
			s.trace.violate(after.name, "leaves %s, which accepts syncid %d, deaf to %s, which sends %d", b, to.Value.SyncID, m, from.Value.SyncID)
		}
	}
}
