package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// report is what only status needs to know.
type report struct {
	started    time.Time
	phase      spec.Activity
	since      time.Time
	atRest     spec.Activity // the last state of rest, and since when: a look around in between does not end it
	restSince  time.Time
	call       *spec.Call
	attempted  *spec.CommitAt
	applied    *spec.CommitAt
	refusal    *spec.Refusal
	behind     time.Time // since when the branch is ahead; zero when it is not
	plan       *spec.PlanSummary
	failures   []spec.Failure
	drift      []spec.Drift
	repaired   uint64
	flapping   []spec.Flap
	foreign    []spec.Object
	overridden []spec.OverrideStatus
	advice     []spec.Diagnostic
	failing    bool          // the last fetch failed
	source     *spec.Problem // a commit cannot be read from the mirror
	kernel     *spec.Problem
	disk       *spec.Problem
	audit      *spec.Problem
	services   int
	servers    int
	line       string // last told to systemd

	firstSeen    map[spec.Key]time.Time // of drift
	failingSince map[spec.Key]time.Time
}

// board is where the loop puts its status for others to read.
type board struct {
	mu     sync.Mutex
	status spec.Status
	elects bool       // an engine is needed
	view   *spec.View // what is held; nil before the first commit
}

// problem keeps since when the same call fails.
func problem(was *spec.Problem, call string, err error) *spec.Problem {
	since := time.Now()
	if was != nil && was.Call == call {
		since = was.Since
	}
	return &spec.Problem{Call: call, Error: err.Error(), Since: since}
}

// enter says what the loop does from now on, and in which call.
func (a *Agent) enter(phase spec.Activity, call string) {
	now := time.Now()
	if a.phase != phase {
		a.phase, a.since = phase, now
	}
	a.call = nil
	if call != "" {
		a.call = &spec.Call{Name: call, Since: now}
	}
	a.publish()
}

// rest is between two tasks.
func (a *Agent) rest() {
	a.giveBack()
	phase, line := a.resting()
	if phase != a.atRest {
		a.atRest, a.restSince = phase, time.Now()
	}
	a.phase, a.since, a.call = phase, a.restSince, nil
	a.publish()
	a.tell()
	if line != a.line {
		a.line = line
		a.parts.Notify("STATUS=" + line)
	}
}

// hurry has the collector run less often while a fleet is loaded or a kernel filled, when seconds count and what is allocated is soon
// garbage; the returned function ends that. A cold load of 4,000 services × 10 real servers takes half the processor time.
func hurry() (calm func()) {
	const percent = 400
	was := debug.SetGCPercent(percent)
	if was < 0 || was > percent { // the operator's own GOGC goes further
		debug.SetGCPercent(was)
	}
	return func() { debug.SetGCPercent(was) }
}

// giveBack returns to the system what a load took and left, which for a large fleet is several times its size, and which the collector
// would keep for the next load. It costs a collection, and the next commit has to fault the memory in again, so what a small change
// leaves is kept. At rest GOGC and GOMEMLIMIT are the operator's (BenchmarkResident has what 4,000 services × 10 real servers settle at).
func (a *Agent) giveBack() {
	const spare = 32 << 20
	if !a.ripe {
		return
	}
	a.ripe = false
	if resident() > a.settledAt+spare {
		debug.FreeOSMemory()
		a.settledAt = resident()
	}
}

// resident is the heap that the system has lent, in bytes.
func resident() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapSys - m.HeapReleased
}

// resting is what keeps the director from following its branch, worst first, and one line that says so.
func (a *Agent) resting() (spec.Activity, string) {
	pin := a.held.Pin
	switch {
	case a.held.Suspension != nil:
		return spec.Suspended, "suspended by " + a.held.Suspension.Actor.String()
	case a.kernel != nil:
		return spec.Degraded, "kernel: " + a.kernel.Error
	case a.disk != nil:
		return spec.Degraded, "state folder: " + a.disk.Error
	case a.audit != nil:
		return spec.Degraded, "journal: " + a.audit.Error
	case a.held.Broken != nil:
		return spec.Degraded, "journal: " + a.held.Broken.Error
	case len(a.failures) > 0:
		return spec.Degraded, fmt.Sprintf("%d changes fail and are tried again", len(a.failures))
	case a.refusal != nil && (pin == nil || pin.Pin.Commit.ID == a.refusal.Commit.ID):
		return spec.Refused, "refused " + a.refusal.Commit.Short() + ": " + a.refusal.Reason
	case a.quarantinedTip():
		return spec.WentBack, "went back from " + a.held.Reverted.Commit.Short() + ": " + a.held.Reverted.Unmet[0].String()
	case a.pending != nil || a.backlog > 0:
		return spec.Waiting, a.waitingFor()
	case a.held.Trial != nil:
		return spec.Proving, "applied " + a.held.Trial.Commit.Short() + ", its probes are awaited"
	case pin != nil:
		return spec.Pinned, "pinned to " + pin.Pin.Commit.Short() + " by " + pin.Pin.Actor.String()
	case a.source != nil:
		return spec.Degraded, "repository: " + a.source.Error
	case a.failing:
		return spec.Degraded, "repository cannot be fetched; holding " + orNothing(a.held.Commit.ID)
	case len(a.flapping) > 0:
		return spec.Degraded, fmt.Sprintf("%d objects are changed outside git again and again", len(a.flapping))
	case a.held.View == nil:
		return spec.Starting, "no commit was applied yet"
	}
	return spec.Idle, "holding " + a.held.Commit.Short()
}

// publish puts the status on the board. What is put there is never altered again.
func (a *Agent) publish() {
	s := spec.Status{
		Version: spec.DocumentVersion, Director: a.cfg.Director, Program: a.cfg.Program, Started: a.started,
		Phase: a.phase, Since: a.since, BlockedOn: a.call,
		Attempted: a.attempted, Applied: a.applied, HighWater: a.held.HighWater, Refusal: a.refusal, Suspension: a.held.Suspension,
		Plan: a.plan, Failures: a.failures, Drift: a.drift, Flapping: a.flapping, Repaired: a.repaired, Foreign: a.foreign, Advice: a.advice,
		Overrides: a.overridden, Kernel: a.kernel, Disk: a.disk, Services: a.services, RealServers: a.servers,
	}
	if p := a.held.Pin; p != nil {
		s.Pin = &p.Pin
	}
	s.Holds = heldOf(a.holds, a.awaited)
	a.progress(&s)
	s.Health = a.healthStatus()
	s.Source.Tip, s.Source.NextFetch, s.Source.Failing, s.Source.BehindSince = a.tip, a.agenda[fetch], a.source, a.behindSince()
	s.Journal.Failing, s.Journal.Broken = a.audit, a.held.Broken
	want, _ := a.states.Beside()
	a.board.mu.Lock()
	defer a.board.mu.Unlock()
	a.board.status, a.board.elects, a.board.view = s, !want.VRRP.Empty(), a.held.View
}

// behindSince is since when the branch is ahead of what is applied, whichever commits it went through meanwhile.
func (a *Agent) behindSince() time.Time {
	switch {
	case a.tip == nil || a.applied != nil && a.applied.Commit.ID == a.tip.ID:
		a.behind = time.Time{}
	case a.behind.IsZero():
		a.behind = time.Now()
	}
	return a.behind
}

// Status is what the loop last said, with what mirror, journal and engine say now: they go on beside the loop.
func (a *Agent) Status() spec.Status {
	a.board.mu.Lock()
	s, elects, view := a.board.status, a.board.elects, a.board.view
	a.board.mu.Unlock()
	s.VRRP, s.Engine = a.parts.VRRP.Report(context.Background(), elects)
	if s.VRRP != nil && view != nil {
		for n := range s.VRRP.Instances {
			i := &s.VRRP.Instances[n]
			i.Speakers = view.Strangers(*i, time.Now())
		}
	}
	s.Channel = a.parts.Exchange.Report()
	if s.Health != nil {
		h := *s.Health
		h.CheckCounts = a.parts.Health.Counts()
		s.Health = &h
	}
	s.Peers = peersOf(a.parts.Exchange.Facts(), s.Peers)
	src := a.parts.Source.Status()
	s.Source.URL, s.Source.Ref, s.Source.LastSuccess, s.Source.Attempts = src.URL, src.Ref, src.LastSuccess, src.Failures
	if src.Err != nil {
		s.Source.Failing = &spec.Problem{Call: src.Failing, Error: src.Err.Error(), Since: src.FailingSince}
	}
	if s.BlockedOn == nil && src.Call != "" {
		s.BlockedOn = &spec.Call{Name: src.Call, Since: src.Since}
	}
	s.Journal.Seq, s.Journal.Hash = a.journal.Head()
	return s
}

// missing notes what still differs after a plan, with the kernel's reason where it gave one.
func (a *Agent) missing(p spec.Plan, out reconcile.Outcome) {
	why := map[spec.Key]error{}
	for _, f := range slices.Concat(out.Failed, out.Skipped) {
		why[f.Change.Key] = f.Err
	}
	now, began := time.Now(), map[spec.Key]time.Time{}
	a.failures = nil
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			since, was := a.failingSince[c.Key]
			if !was {
				since = now
			}
			began[c.Key] = since
			err := cmp.Or(why[c.Key], out.Err, errNotHeld)
			a.failures = append(a.failures, spec.Failure{Object: spec.ObjectOf(c.Key), Action: c.Action, Error: err.Error(), Since: since})
		}
	}
	a.failingSince = began
}

// errNotHeld is a change that was made without error, and yet is not what is read back.
var errNotHeld = errors.New("the kernel took the change, but does not hold it")

// counted notes what a comparison says about live.
func (a *Agent) counted(p spec.Plan) {
	var foreign []spec.Object
	for _, f := range p.Foreign {
		foreign = append(foreign, spec.ObjectOf(f.Key))
	}
	if !slices.Equal(foreign, a.foreign) {
		a.foreign = foreign
		a.parts.Log.Info("foreign objects, left alone", "count", len(foreign))
	}
	if !a.states.Wanting() {
		return
	}
	want := a.states.Want()
	private := private(want.Services)
	a.services, a.servers = len(want.Services)-private, len(want.Dests)-private
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			a.lacks(c)
		}
	}
	for _, l := range p.Left {
		a.lacks(l.Change)
	}
}

// lacks counts what is wanted and not live.
func (a *Agent) lacks(c spec.Change) {
	switch {
	case c.Action != spec.Add || spec.OfPath(c.Key):
	case c.Key.Kind() == spec.KindService:
		a.services--
	case c.Key.Kind() == spec.KindRealServer:
		a.servers--
	}
}
