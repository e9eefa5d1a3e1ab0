package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/source"
	"github.com/lbsync/lbsync/spec"
)

// Config is what the agent is told by its own host.
type Config struct {
	Director string        // this director's name in the fleet
	Folder   string        // where lock, intent and last known good are kept; made when missing
	Program  string        // version of this binary, for status
	Poll     time.Duration // between two fetches, at a phase of the director's own
	Look     time.Duration // between two reads of the kernel
	Resync   time.Duration // at most between two full reads; the others may be fast ones
	Watchdog time.Duration // longest between two signs of life, some minutes: the loop gives none during a call; 0: none
	// AnyHistory accepts a tip that does not descend from the newest accepted one: where the host's own configuration names a tag or a
	// commit, moving it is a decision made there.
	AnyHistory bool
	Boot       string // identifies the run of the machine
	Run        string // identifies the run of the agent
}

func (c Config) check() error {
	switch {
	case c.Director == "":
		return errors.New("director: name this host's director block")
	case c.Folder == "":
		return errors.New("state folder: name one")
	case c.Poll <= 0 || c.Look <= 0 || c.Resync < c.Look || c.Watchdog < 0:
		return fmt.Errorf("poll %v, look %v, resync %v, watchdog %v: durations above 0, resync not below look", c.Poll, c.Look, c.Resync, c.Watchdog)
	}
	return nil
}

// Source is the mirror of the fleet's repository, as *source.Mirror is one.
type Source interface {
	Fetch(ctx context.Context) (source.Commit, error)
	Tip() (source.Commit, bool)
	Resolve(rev string) (source.Commit, error)
	Tree(id string) (fs.FS, error)
	IsAncestor(a, b string) (bool, error)
	Status() source.Status
}

// Journal is the audit, as *journal.Journal is one.
type Journal interface {
	Append(recs ...journal.Record) ([]journal.Record, error)
	Head() (seq uint64, hash string)
	Broken() error
	Has(journal.Head) (bool, error)
	Close() error
}

// Parts are what the agent works with.
type Parts struct {
	Source Source
	Target reconcile.Target
	VRRP   VRRP
	// Hold tells the target which sysctls are wanted, so that it observes them.
	Hold func(...spec.SysctlKey)
	// Stirred has an element when something changed that may be drift, such as an interface that came or went; nil if nobody tells.
	Stirred <-chan struct{}
	// Journal opens the audit once the director is locked.
	Journal func() (Journal, error)
	// Load reads a fleet; nil with at least one error when it has one.
	Load func(fs.FS) (*spec.Fleet, hcl.Diagnostics)
	// Check judges a fleet.
	Check    func(policies.Input) policies.Outcome
	Exchange Exchange // nil: there are no others
	Sync     Sync     // nil: connection sync is the kernel's alone
	Health   Health   // nil: no checks are run
	// Sources are this host's addresses; nil: unknown.
	Sources func() []netip.Addr
	// Ports are this host's interfaces with its own addresses; nil: unknown, and so is what it gives when it is nil.
	Ports func() map[string]spec.PortFact
	// Stats counts connections of some services; nil: they are not counted.
	Stats func(context.Context, ...spec.ServiceKey) (spec.Stats, error)
	// Notice tells those whom the held commit names what became of a commit; nil: nobody.
	Notice func(spec.Notice)
	// Notify tells systemd, in the words of sd_notify(3).
	Notify func(state string)
	Log    *slog.Logger
}

// Agent is the loop and its state. Status, Snapshot and Do may be called from any goroutine while it runs; everything else belongs to
// the goroutine of Run or Once.
type Agent struct {
	cfg     Config
	parts   Parts
	store   *store
	journal Journal
	lock    *os.File
	chance  func() float64 // from 0 up to 1, spreads retries

	asks    chan func(context.Context)
	fetched chan arrival
	ended   chan struct{}
	board   board

	held    held
	saved   uint64           // serial of the generation on disk
	dirty   bool             // held is newer than what is on disk
	states  reconcile.Ledger // of held.View, what was made of it, and what is live
	holds   []spec.Hold
	roles   map[string]spec.Role // with which what is wanted was rendered
	basis   string               // the same, with all other facts that it depends on but pools
	shifted uint64               // of the pools, the same
	known   bool                 // the kernel holds what states have as live
	read    time.Time            // last full read
	looked  time.Time            // last read of any depth

	tip       *spec.Commit // of the branch
	examined  string       // tip that a rollback was compared with
	seen      string       // what the commit judged last was refused for, if not for itself
	refusedBy string       // the same, of the refusal that stands
	fetching  bool
	waiting   []chan error // who waits for the fetch that runs
	queued    []chan error // who asked while it ran, and waits for the next: it may have asked too early for them
	ripe      bool         // the memory that a load took can be given back
	settledAt uint64       // bytes of heap after that was done last

	agenda     agenda
	repairs    reconcile.Repaired
	attempts   int         // of what fails, in a row
	stuck      spec.Digest // plan that waits for its retry
	unrecorded int         // records that could not be written
	undone     bool        // a plan was stopped: its intent must stand
	company
	health
	witnesses
	report
}

// Open locks the director, opens its journal and reads what it holds. The error names who has the lock.
func Open(cfg Config, parts Parts) (*Agent, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("open agent: %w", err)
	}
	if parts.Exchange == nil {
		parts.Exchange = alone{}
	}
	if parts.Sync == nil {
		parts.Sync = kernelSync{}
	}
	if parts.Health == nil {
		parts.Health = unchecked{}
	}
	if err := os.MkdirAll(cfg.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("make state folder: %w", err)
	}
	l, err := lock(cfg.Folder)
	if err != nil {
		return nil, err
	}
	j, err := parts.Journal()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	a := &Agent{
		cfg: cfg, parts: parts, store: newStore(cfg.Folder), journal: j, lock: l, repairs: reconcile.Repaired{},
		chance: rand.Float64, asks: make(chan func(context.Context)), fetched: make(chan arrival, 1), ended: make(chan struct{}),
	}
	a.written = make(chan written, 1)
	a.started, a.resync.done = time.Now(), make(chan resynced, 1)
	a.enter(spec.Starting, "")
	return a, nil
}

// Close lets go of journal and lock; the kernel stays as it is. Run has to have ended.
func (a *Agent) Close() error { return errors.Join(a.journal.Close(), a.lock.Close()) }
