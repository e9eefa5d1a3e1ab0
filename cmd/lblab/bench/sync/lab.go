package sync

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/vishvananda/netns"

	"github.com/lbsync/lbsync/cmd/lblab/pair"
	"github.com/lbsync/lbsync/cmd/lblab/topology"
	"github.com/lbsync/lbsync/cmd/lblab/traffic"
	"github.com/lbsync/lbsync/spec"
)

// lab is everything that runs, from the first case to the last.
type lab struct {
	job       Job
	plan      topology.Topology
	progress  func(string)
	dir       string
	repo      repository
	fleet     fleet
	head      string // commit that both directors are to hold
	directors [2]*director
	servers   []*program
	client    netns.NsHandle
	random    *rand.Rand
	runs      int
	committed time.Time // of the run, when its first commit was there; zero before
	notes     []string  // of the run: what was random
}

// patience is far beyond what any wait takes.
const patience = 90 * time.Second

func newLab(job Job, plan topology.Topology, progress func(string)) (l *lab, err error) {
	l = &lab{job: job, plan: plan, progress: progress, random: rand.New(rand.NewPCG(job.Seed, 0)), fleet: firstFleet(), client: netns.None()}
	if l.dir, err = os.MkdirTemp("", "lblab-sync-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	// In the virtual machine the root is a network file system.
	for _, p := range []*string{&l.job.Lbsync, &l.job.Lblab, &l.job.IPVSAdm} {
		if *p, err = near(*p, l.dir); err != nil {
			return nil, errors.Join(err, l.close())
		}
	}
	if l.repo, err = newRepository(filepath.Join(l.dir, "fleet")); err != nil {
		return nil, errors.Join(err, l.close())
	}
	for i, name := range directors {
		if l.directors[i], err = newDirector(name, l.dir, l.job.Lbsync, l.repo.dir); err != nil {
			return nil, errors.Join(err, l.close())
		}
		l.fleet.keys[i] = l.directors[i].key
	}
	if l.client, err = netns.GetFromName("client"); err != nil {
		return nil, errors.Join(fmt.Errorf("find namespace client: %w", err), l.close())
	}
	return l, nil
}

func near(path, dir string) (string, error) {
	b, err := os.ReadFile(path)
	to := filepath.Join(dir, filepath.Base(path))
	if err == nil {
		err = os.WriteFile(to, b, 0o755)
	}
	if err != nil {
		return "", fmt.Errorf("copy a program: %w", err)
	}
	return to, nil
}

func (l *lab) close() error {
	for _, d := range l.directors {
		if d != nil {
			d.kill()
		}
	}
	for _, s := range l.servers {
		s.end(syscall.SIGKILL)
	}
	if l.client.IsOpen() {
		_ = l.client.Close()
	}
	return os.RemoveAll(l.dir)
}

// freshServers starts the real servers, in place of those of the run before: who was lost then is still connected to them.
func (l *lab) freshServers(ctx context.Context) error {
	for _, s := range l.servers {
		s.end(syscall.SIGKILL)
	}
	l.servers = nil
	for _, name := range realServers {
		s, err := start(name, l.job.Lblab, "echo", "--name", name, fmt.Sprintf("%s:%d", virtual, port))
		if err != nil {
			return err
		}
		l.servers = append(l.servers, s)
	}
	for _, name := range realServers {
		if err := serves(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// serves waits until a real server takes connections, as its own node sees it.
func serves(ctx context.Context, name string) error {
	ns, err := netns.GetFromName(name)
	if err != nil {
		return fmt.Errorf("find namespace %s: %w", name, err)
	}
	defer func() { _ = ns.Close() }()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := pair.Inside(ns, func() error {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", fmt.Sprintf("%s:%d", virtual, port))
			if err == nil {
				err = conn.Close()
			}
			return err
		})
		if err == nil {
			return nil
		}
		if errWait := pause(ctx, 50*time.Millisecond); errWait != nil {
			return fmt.Errorf("%s serves: %w", name, errors.Join(errWait, err))
		}
	}
}

// begin starts both directors and waits until they are settled.
func (l *lab) begin(ctx context.Context) error {
	// A connection is a file, here and of the real servers.
	files := syscall.Rlimit{Cur: 1 << 16, Max: 1 << 16}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return fmt.Errorf("allow %d open files: %w", files.Max, err)
	}
	var err error
	if l.head, err = l.repo.commit(ctx, "codis: two real servers", l.fleet); err != nil {
		return err
	}
	for _, d := range l.directors {
		if err := errors.Join(d.startEngine(), d.startAgent()); err != nil {
			return err
		}
	}
	return l.settled(ctx)
}

// dial opens a connection of the client, in its namespace, from the address of the run.
func (l *lab) dial(ctx context.Context) (conn net.Conn, err error) {
	d := net.Dialer{Timeout: 10 * time.Second, KeepAlive: -1, LocalAddr: &net.TCPAddr{IP: source(l.runs).AsSlice()}}
	err = pair.Inside(l.client, func() (err error) {
		conn, err = d.DialContext(ctx, "tcp", fmt.Sprintf("%s:%d", virtual, port))
		return err
	})
	return conn, err
}

// settled waits until both directors hold the head, nothing waits or fails, and one of them is master.
func (l *lab) settled(ctx context.Context) error {
	return l.until(ctx, "both directors hold "+spec.ShortID(l.head), func(all [2]spec.Status) bool {
		masters := 0
		for _, s := range all {
			state, whole := role(s)
			if s.Applied == nil || s.Applied.Commit.ID != l.head || s.Phase != spec.Idle || len(s.Holds)+len(s.Failures)+len(s.Drift) > 0 || !whole || state != spec.VRRPMaster && state != spec.VRRPBackup {
				return false
			}
			if state == spec.VRRPMaster {
				masters++
			}
		}
		return masters == 1
	})
}

// until waits until the statuses of both directors are as wanted.
func (l *lab) until(ctx context.Context, what string, ok func([2]spec.Status) bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		var all [2]spec.Status
		var err error
		for i, d := range l.directors {
			s, errStatus := d.status(ctx)
			all[i], err = s, errors.Join(err, errStatus)
		}
		if err == nil && ok(all) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w: %s", what, errors.Join(ctx.Err(), err), l.state(all))
		case <-tick.C:
		}
	}
}

// state is what is known when a wait is over.
func (l *lab) state(all [2]spec.Status) string {
	var b strings.Builder
	for i, d := range l.directors {
		state, _ := role(all[i])
		fmt.Fprintf(&b, "\n%s: %s %s, holds %v, failures %v, drift %v, refusal %v\nagent: %s\nengine: %s", d.name, all[i].Phase, state, all[i].Holds, all[i].Failures,
			all[i].Drift, all[i].Refusal, d.agent.lastWords(), d.engine.lastWords())
	}
	return b.String()
}

// roles are the places of master and backup.
func (l *lab) roles(ctx context.Context) (master, backup *director, err error) {
	for i, d := range l.directors {
		s, err := d.status(ctx)
		if err != nil {
			return nil, nil, err
		}
		if state, _ := role(s); state == spec.VRRPMaster {
			return d, l.directors[1-i], nil
		}
	}
	return nil, nil, errors.New("no director is master")
}

func (l *lab) pool() *traffic.Pool { return &traffic.Pool{Dial: l.dial, Patience: 10 * time.Second} }
