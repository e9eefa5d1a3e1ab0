package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"slices"
	"sync"

	"github.com/lbsync/lbsync/spec"
	"golang.org/x/sys/unix"
)

// Config is what a runner may use.
type Config struct {
	Log     *slog.Logger
	Budget  int // most probes under way; 0: what RLIMIT_NOFILE allows, which is raised as far as it goes
	PerHost int // most probes under way to one address; 0: 256
}

// Runner runs checks until it is closed.
type Runner struct {
	log    *slog.Logger
	clock  func() instant
	loops  []*loop
	news   news
	ctx    context.Context // of probes in goroutines
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu         sync.Mutex
	checks     index
	plans      plans
	configured int
	round      uint32
	closed     bool
}

const (
	mostLoops      = 2
	mostEvents     = 256 // of one wait
	defaultPerHost = 256
	reserved       = 1024 // descriptors that are left to the rest of the agent
)

// New has nothing to run yet.
func New(cfg Config) (*Runner, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.PerHost <= 0 {
		cfg.PerHost = defaultPerHost
	}
	if cfg.Budget <= 0 {
		var err error
		if cfg.Budget, err = descriptors(); err != nil {
			return nil, err
		}
	}
	n := min(mostLoops, max(1, runtime.GOMAXPROCS(0)/2)) // one processor is for the rest of the agent
	r := newRunner(cfg.Log, newClock())
	for range n {
		l, err := r.addLoop(max(1, cfg.Budget/n), cfg.PerHost)
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		r.done.Go(l.run)
	}
	return r, nil
}

// newRunner has no loop yet.
func newRunner(log *slog.Logger, clock func() instant) *Runner {
	r := &Runner{log: log, clock: clock, checks: index{}, plans: plans{}}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.news.changed = make(chan struct{}, 1)
	return r
}

func (r *Runner) addLoop(budget, perHost int) (*loop, error) {
	l := &loop{clock: r.clock, say: r.frozen, news: &r.news, ctx: r.ctx, budget: budget, perHost: perHost,
		hosts: map[netip.Addr]*host{}, kinds: map[string]*kind{}, buffer: make([]byte, mostHeard), wakeAt: never, throng: throng{may: fewAtOnce}}
	l.wheel.done = ticks(r.clock())
	var err error
	if l.poller, err = newPoller(); err != nil {
		return nil, err
	}
	r.loops = append(r.loops, l)
	return l, nil
}

// descriptors is how many probes may have one.
func descriptors() (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("read RLIMIT_NOFILE: %w", err)
	}
	if limit.Cur < limit.Max {
		limit.Cur = limit.Max
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			return 0, fmt.Errorf("raise RLIMIT_NOFILE to %d: %w", limit.Max, err)
		}
	}
	n := min(limit.Cur, 1<<20)
	return int(max(n/2, n-min(n, reserved))), nil
}

func (r *Runner) frozen(why string) {
	if why == "" {
		r.log.Info("verdicts of checks count again")
		return
	}
	r.log.Warn("failures of checks do not count", "why", why)
}

// Changed has an element when News has something.
func (r *Runner) Changed() <-chan struct{} { return r.news.changed }

// News are the verdicts whose state or weight is another than what was told last, or what Set began with: each check once, those that
// are down first.
func (r *Runner) News() []spec.Verdict { return r.news.take() }

// Checks are all that are run, sorted.
func (r *Runner) Checks() []spec.CheckStatus {
	const atOnce = 1000 // for which a loop is held up
	parts := r.byLoop()
	all := 0
	for _, part := range parts {
		all += len(part)
	}
	out := make([]spec.CheckStatus, 0, all)
	for l, part := range parts {
		for some := range slices.Chunk(part, atOnce) {
			l.mu.Lock()
			now := l.clock()
			for _, c := range some {
				out = append(out, c.status(now))
			}
			l.mu.Unlock()
		}
	}
	slices.SortFunc(out, func(a, b spec.CheckStatus) int { return a.Check.Compare(b.Check) })
	return out
}

func (r *Runner) byLoop() map[*loop][]*check {
	r.mu.Lock()
	defer r.mu.Unlock()
	parts := map[*loop][]*check{}
	for _, c := range r.checks {
		for ; c != nil; c = c.same {
			parts[c.loop] = append(parts[c.loop], c)
		}
	}
	return parts
}

// Close ends all probes and waits for them.
func (r *Runner) Close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.cancel()
	for _, l := range r.loops {
		l.close()
	}
	r.done.Wait()
	return nil
}
