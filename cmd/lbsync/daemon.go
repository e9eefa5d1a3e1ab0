package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/agent"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/source"
	"github.com/lbsync/lbsync/runtime/api/metrics"
	"github.com/lbsync/lbsync/runtime/director"
	"github.com/lbsync/lbsync/runtime/engine/line"
	"github.com/lbsync/lbsync/runtime/health"
	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// look is the time between two reads of the kernel: how long drift lives, at most.
const look = 10 * time.Second

// service is the agent with everything it works with. It answers the socket: api.Handler.
type service struct {
	archive
	agent    *agent.Agent
	director *director.Director
	checks   *health.Runner
	others   *channel
	heard    io.Closer // the listeners to connection sync
	stirred  chan struct{}
	log      *slog.Logger
	now      func() time.Time
	each     bool // metrics have series of each real server
}

// hands lets reconcile drive a director, whose room may not know reconcile's Depth.
type hands struct{ *director.Director }

func (h hands) Observe(ctx context.Context, d reconcile.Depth) (spec.State, error) {
	return h.Director.Observe(ctx, director.Depth(d))
}

// logged is an agent that logs to stderr as its configuration says.
func (a *app) logged(cfg *spec.AgentConfig) (*service, error) {
	log, err := newLog(a.err, cfg.LogLevel)
	if err != nil {
		return nil, err
	}
	return a.assemble(cfg, log)
}

// assemble wires the rooms of one agent. Everything it keeps is below the state folder.
func (a *app) assemble(cfg *spec.AgentConfig, log *slog.Logger) (*service, error) {
	if err := os.MkdirAll(cfg.State, 0o700); err != nil {
		return nil, fmt.Errorf("make state folder: %w", err)
	}
	mirror, err := source.Open(sourceConfig(cfg, a.now))
	if err != nil {
		return nil, err
	}
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return nil, fmt.Errorf("read WATCHDOG_USEC: %w", err)
	}
	boot, err := bootID()
	if err != nil {
		return nil, err
	}
	hand := director.New(func() (director.Kernel, error) { return a.kernel(kernel.Options{Modprobe: true}) }, director.NewVRRP(director.VRRPConfig{
		Open: engineAt(cfg.Engine), Path: cfg.Engine, Secret: director.SecretsIn(cfg.Secrets), Mark: filepath.Join(cfg.State, "notified.json"), Boot: boot, Log: log,
	}))
	checks, err := health.New(health.Config{Log: log})
	if err != nil {
		return nil, errors.Join(err, hand.Close())
	}
	others, sync, heard := a.company(cfg, hand, log)
	stirred := make(chan struct{}, 1)
	ag, err := agent.Open(agent.Config{
		Director: cfg.Director, Folder: cfg.State, Program: version, Poll: cfg.Source.Poll, Look: min(look, cfg.Resync), Resync: cfg.Resync,
		Watchdog: watchdog, AnyHistory: cfg.Source.Branch == "", Boot: boot, Run: rand.Text(),
	}, agent.Parts{
		Source: mirror, Target: hands{hand}, VRRP: hand.VRRP, Notice: hand.VRRP.Notice, Hold: hand.Hold, Check: policies.Check, Log: log, Stirred: stirred,
		Exchange: others, Sync: sync, Health: checks, Sources: addresses, Ports: a.ports(log), Stats: hand.Stats,
		Journal: func() (agent.Journal, error) { return journal.Open(journalFolder(cfg.State), a.now) },
		Load:    fleetLoader(),
		Notify: func(state string) {
			// Without systemd there is nobody to notify, which is no error; and a lost message is answered by its watchdog.
			_, _ = daemon.SdNotify(false, state)
		},
	})
	if err != nil {
		return nil, errors.Join(err, checks.Close(), hand.Close())
	}
	kept := archive{cfg.Director, journalFolder(cfg.State), ag.JournalHead}
	return &service{archive: kept, agent: ag, director: hand, checks: checks, others: others, heard: heard, stirred: stirred, log: log, now: a.now, each: cfg.MetricsRealServers}, nil
}

// fleetLoader reads fleets, and keeps of one what the next has in common with it.
func fleetLoader() func(fs.FS) (*spec.Fleet, hcl.Diagnostics) {
	loader := spec.NewLoader()
	return func(f fs.FS) (*spec.Fleet, hcl.Diagnostics) {
		fleet, _, diags := loader.Load(f)
		return fleet, diags
	}
}

// engineAt is the engine behind a socket.
func engineAt(path string) func() (director.Engine, error) {
	return func() (director.Engine, error) {
		e, err := line.Dial(path)
		if err != nil {
			return nil, err // a nil *line.Client must not become an Engine that is not nil
		}
		return e, nil
	}
}

// bootID tells one run of the machine from the next (random(4)).
func bootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("tell this run of the machine from others: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// addresses are those of this host, as far as they can be read.
func addresses() []netip.Addr {
	all, _ := net.InterfaceAddrs() // without them the others take this director's sync messages for a stranger's
	var out []netip.Addr
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().IsLoopback() {
			out = append(out, p.Addr())
		}
	}
	return out
}

// ports reads the interfaces of this host; nil where the kernel is not a real one. It is read for each commit: a failure is logged once.
func (a *app) ports(log *slog.Logger) func() map[string]spec.PortFact {
	if !a.conns {
		return nil
	}
	failed := ""
	return func() map[string]spec.PortFact {
		out, err := kernel.Ports()
		if err != nil && err.Error() != failed {
			failed = err.Error()
			log.Warn("policies do not know the interfaces of this host", "error", err)
		}
		return out
	}
}

func journalFolder(state string) string { return filepath.Join(state, "journal") }

func sourceConfig(cfg *spec.AgentConfig, now func() time.Time) source.Config {
	s := cfg.Source
	return source.Config{
		URL: s.URL, Branch: s.Branch, Tag: s.Tag, Commit: s.Commit, Path: s.Path, Dir: filepath.Join(cfg.State, "mirror"),
		Timeout: s.Timeout, Limits: source.DefaultLimits(), Now: now,
		Auth: source.Auth{
			Username: s.Username, TokenFile: s.TokenFile, CAFile: s.CAFile, SSHKeyFile: s.SSHKeyFile, KnownHostsFile: s.KnownHostsFile,
		},
	}
}

// listen has the agent look when an interface comes or goes. Without it a look finds the same some seconds later.
func (s *service) listen(ctx context.Context) {
	w, err := kernel.OpenWatcher()
	if err == nil {
		err = w.Stir(ctx, s.stirred)
	}
	if err != nil {
		s.log.Warn("changes of interfaces are not heard, and found by looking", "error", err)
	}
}

func (s *service) close() error {
	return errors.Join(s.heard.Close(), s.agent.Close(), s.checks.Close(), s.director.Close())
}

// Status is that of the loop.
func (s *service) Status(context.Context) (spec.Status, error) { return s.agent.Status(), nil }

// Snapshot reads the kernel between two tasks of the loop.
func (s *service) Snapshot(ctx context.Context) (spec.Snapshot, error) { return s.agent.Snapshot(ctx) }

// Stats reads the counters beside the loop.
func (s *service) Stats(ctx context.Context) (spec.Stats, error) { return s.director.Stats(ctx) }

// Checks are all that run, beside the loop.
func (s *service) Checks(context.Context) (spec.Checks, error) {
	out := spec.Checks{Version: spec.DocumentVersion, Taken: s.now(), Checks: s.checks.Checks()}
	checked := s.agent.Checked()
	for i := range out.Checks {
		out.Checks[i].RealServers = checked[out.Checks[i].Check]
	}
	return out, nil
}

// Metrics is read beside the loop too: a scrape is answered while an apply runs, and without IPVS.
func (s *service) Metrics(ctx context.Context) metrics.Scrape {
	out := metrics.Scrape{Status: s.agent.Status(), RealServers: s.each}
	if stats, err := s.director.Stats(ctx); err == nil {
		out.Stats = &stats
	}
	out.Now = s.now()
	return out
}

// Do has the loop carry out a command.
func (s *service) Do(ctx context.Context, c spec.Command) (spec.CommandResult, error) {
	return s.agent.Do(ctx, c)
}
