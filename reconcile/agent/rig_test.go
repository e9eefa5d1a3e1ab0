package agent

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

// rig is an agent with everything around it; what survives a process is kept over restart.
type rig struct {
	t      testing.TB
	repo   *repo
	kernel *reconciletest.Target
	vrrp   *election
	folder string
	cfg    Config
	faults []reconciletest.Fault // of the kernel, for the agent alone
	wrap   func(Journal) Journal // around the journal of the next agent
	at     func(string)          // seam of the next agent's store
	mu     sync.Mutex
	said   []string         // to systemd
	held   []spec.SysctlKey // what the target was told to observe

	ports    func() map[string]spec.PortFact
	exchange Exchange
	sync     Sync
	health   *verdicts
	stats    func(context.Context, ...spec.ServiceKey) (spec.Stats, error)
	sources  func() []netip.Addr
	load     func(fs.FS) (*spec.Fleet, hcl.Diagnostics)

	agent *Agent
	ended chan error
	stop  context.CancelFunc
}

func newRig(t testing.TB) *rig {
	dir := t.TempDir()
	return &rig{
		t: t, repo: &repo{}, kernel: reconciletest.New(spec.State{}), vrrp: newElection(), folder: dir, load: loadText, health: newVerdicts(),
		cfg: Config{Director: "lb1", Folder: dir, Program: "test", Poll: 30 * time.Second, Look: 10 * time.Second, Resync: time.Minute, Watchdog: time.Minute},
	}
}

func (r *rig) journalDir() string { return filepath.Join(r.folder, "journal") }

func (r *rig) tell(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, s)
}

// told is what systemd was told.
func (r *rig) told() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.said)
}

// open makes an agent that does not run yet.
func (r *rig) open() *Agent {
	r.t.Helper()
	a, err := Open(r.cfg, Parts{
		Source: r.repo, Target: r.kernel, VRRP: r.vrrp, Hold: func(k ...spec.SysctlKey) { r.held = k }, Load: r.load, Exchange: r.exchange, Sync: r.sync, Sources: r.sources, Check: checkText, Log: slog.New(slog.DiscardHandler),
		Notify: r.tell, Ports: r.ports, Health: r.health, Stats: r.stats,
		Journal: func() (Journal, error) {
			j, err := journal.Open(r.journalDir(), time.Now)
			if err == nil && r.wrap != nil {
				return r.wrap(j), nil
			}
			return j, err
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if r.at != nil {
		a.store.at = r.at
	}
	return a
}

// start runs an agent until end.
func (r *rig) start() {
	r.t.Helper()
	r.run(r.open())
}

func (r *rig) end() {
	r.t.Helper()
	r.stop()
	if err := errors.Join(<-r.ended, r.agent.Close()); err != nil {
		r.t.Errorf("the agent ends with %v", err)
	}
}

// end0 ends an agent whose journal cannot be written.
func (r *rig) end0() {
	r.t.Helper()
	r.stop()
	if err := <-r.ended; err == nil {
		r.t.Error("the end could not be recorded, and nobody says so")
	}
	if err := r.agent.Close(); err != nil {
		r.t.Error(err)
	}
}

// pass lets time go by.
func (r *rig) pass(d time.Duration) {
	<-time.After(d) // of the bubble's clock
	synctest.Wait()
}

func (r *rig) status() spec.Status { return r.agent.Status() }

func (r *rig) do(verb spec.Verb, rev string, lasts time.Duration) (spec.CommandResult, error) {
	return r.agent.Do(r.t.Context(), spec.Command{Verb: verb, Rev: rev, For: lasts, Reason: "test", Actor: spec.Actor{UID: 7, Login: "bob"}})
}

// holds checks that the kernel is what a fleet says.
func (r *rig) holds(fleet string) {
	r.t.Helper()
	if got, want := reconciletest.Format(public(r.kernel.State())), reconciletest.Format(stateOf(r.t, fleet)); got != want {
		r.t.Errorf("the kernel holds\n%swant\n%s", got, want)
	}
}

func (r *rig) phase(want spec.Activity) {
	r.t.Helper()
	if s := r.status(); s.Phase != want {
		r.t.Errorf("phase is %s, want %s: %+v", s.Phase, want, s)
	}
}

// events are the journal's records from one on, as "event commit result".
func (r *rig) events(from uint64) []string {
	r.t.Helper()
	var out []string
	for _, rec := range r.records() {
		if rec.Seq >= from {
			out = append(out, strings.TrimRight(rec.Event.String()+" "+strings.TrimRight(rec.Commit, "0"), " "))
		}
	}
	return out
}

func (r *rig) records() []journal.Record {
	r.t.Helper()
	var out []journal.Record
	for rec, err := range journal.Read(r.journalDir(), journal.Filter{}) {
		if err != nil {
			r.t.Fatal(err)
		}
		out = append(out, rec)
	}
	return out
}

func (r *rig) next() uint64 { return r.status().Journal.Seq + 1 }

// bubble runs a test in its own time.
func bubble(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newRig(t)) })
}
