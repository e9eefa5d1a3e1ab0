package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/lbsync/lbsync/cmd/lblab/bench/page"
)

// Measure does the job of a folder in the kernel it runs in, says on progress what it does, and leaves the results in the folder.
func Measure(ctx context.Context, dir string, progress io.Writer) error {
	m := &measurement{dir: dir, progress: progress}
	if err := page.ReadJSON(filepath.Join(dir, jobFile), &m.job); err != nil {
		return err
	}
	programs, err := os.MkdirTemp("", "programs-")
	if err != nil {
		return fmt.Errorf("make a folder for the programs: %w", err)
	}
	defer func() { _ = os.RemoveAll(programs) }()
	for _, p := range []*string{&m.job.Lbsync, &m.job.Keepalived} {
		if *p, err = near(*p, programs); err != nil {
			return err
		}
	}
	for _, part := range []func(context.Context) error{m.warm, m.starts, m.oneCluster, m.reconciles, m.settled} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	m.results.Rounds = m.job.Rounds
	m.results.Machine.Processors = runtime.NumCPU()
	if m.results.Machine.Kernel, err = kernelRelease(); err != nil {
		return err
	}
	return page.WriteJSON(filepath.Join(dir, resultsFile), m.results)
}

// near copies a program into memory: in the virtual machine the root is a network file system.
func near(program, dir string) (string, error) {
	to := filepath.Join(dir, filepath.Base(program))
	if err := copyFile(program, to); err != nil {
		return "", err
	}
	return to, os.Chmod(to, 0o755)
}

// measurement is a job that runs.
type measurement struct {
	job      Job
	dir      string
	progress io.Writer
	results  Results
}

func (m *measurement) fleet(r Rules) string { return filepath.Join(m.dir, r.folder()) }

func (m *measurement) say(format string, args ...any) {
	_, _ = fmt.Fprintf(m.progress, format+"\n", args...)
}

// warm runs both systems once, so that no round pays for reading libraries or loading a scheduler module.
func (m *measurement) warm(ctx context.Context) error {
	m.say("warming up")
	var s Start
	var c Change
	return m.round(ctx, 0, NewRules(m.job.Sizes[0]), &s, &c)
}

func (m *measurement) starts(ctx context.Context) error {
	for _, n := range m.job.Sizes {
		r := NewRules(n)
		s, c := Start{Rules: r}, Change{Rules: r}
		for i := range m.job.Rounds {
			if err := m.round(ctx, i, r, &s, &c); err != nil {
				return err
			}
		}
		m.results.Starts, m.results.Change = append(m.results.Starts, s), append(m.results.Change, c)
	}
	return nil
}

// round measures one system and then the other; who is first alternates.
func (m *measurement) round(ctx context.Context, i int, r Rules, s *Start, c *Change) error {
	systems := []func() error{
		func() error { return m.keepalived(ctx, r, s, c) },
		func() error { return m.lbsync(ctx, r, s, c) },
	}
	first := i % 2
	if err := systems[first](); err != nil {
		return err
	}
	return systems[1-first]()
}

func (m *measurement) keepalived(ctx context.Context, r Rules, s *Start, c *Change) error {
	start, reload, err := runKeepalived(ctx, r, m.job.Keepalived, m.fleet(r))
	if err != nil {
		return err
	}
	s.Keepalived, c.Reload = append(s.Keepalived, start), append(c.Reload, reload)
	m.say("%s  keepalived: start %s, reload %s", r, human(start), human(reload))
	return nil
}

func (m *measurement) lbsync(ctx context.Context, r Rules, s *Start, c *Change) error {
	run, err := runLbsync(ctx, r, m.job.Lbsync, m.fleet(r))
	if err != nil {
		return err
	}
	s.Cold, s.LastGood = append(s.Cold, run.cold), append(s.LastGood, run.lastGood)
	c.Fetched, c.Outside = append(c.Fetched, run.change.fetched), append(c.Outside, run.change.outside)
	c.RestartedFetched, c.RestartedOutside = append(c.RestartedFetched, run.afterRestart.fetched), append(c.RestartedOutside, run.afterRestart.outside)
	m.say("%s  lbsync: start cold %s, from last known good %s; one weight %s (with the fetch %s), after a restart %s (%s)", r, human(run.cold), human(run.lastGood),
		human(run.change.fetched), human(run.change.outside), human(run.afterRestart.fetched), human(run.afterRestart.outside))
	return nil
}

// oneCluster is the change in a fleet that is one block; what keepalived reads is the same.
func (m *measurement) oneCluster(ctx context.Context) error {
	r := m.job.largest().OneCluster()
	c, s := Change{Rules: r, Reload: m.results.Change[len(m.results.Change)-1].Reload}, Start{Rules: r}
	for range m.job.Rounds {
		if err := m.lbsync(ctx, r, &s, &c); err != nil {
			return err
		}
	}
	m.results.Change = append(m.results.Change, c)
	return nil
}

func (m *measurement) reconciles(ctx context.Context) error {
	r := m.job.largest()
	view, err := loadView(m.fleet(r))
	if err != nil {
		return err
	}
	idle := &m.results.Idle
	idle.Rules = r
	for i := range m.job.Rounds {
		if err := runReconcile(ctx, view, idle); err != nil {
			return err
		}
		m.say("%s  reconcile: apply %s; nothing to do: fast %s, full %s", r, human(idle.Apply[i]), human(idle.Fast[i]), human(idle.Full[i]))
	}
	return nil
}

func (m *measurement) settled(ctx context.Context) (err error) {
	r := m.job.largest()
	m.say("%s  watching an agent for %s", r, minute)
	m.results.Agent, m.results.Looks, err = watchAgent(ctx, r, m.job.Lbsync, m.fleet(r))
	return err
}
