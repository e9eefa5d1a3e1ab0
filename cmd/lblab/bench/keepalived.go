package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// runKeepalived measures keepalived in an empty kernel: its start, and its reload after one weight was changed. fleet is the folder
// that Prepare wrote.
func runKeepalived(ctx context.Context, r Rules, program, fleet string) (start, reload time.Duration, err error) {
	dir, err := os.MkdirTemp("", "keepalived-")
	if err != nil {
		return 0, 0, fmt.Errorf("make a folder for keepalived: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	conf := filepath.Join(dir, "keepalived.conf")
	if err := copyFile(keepalivedFile(fleet, 0), conf); err != nil {
		return 0, 0, err
	}
	err = emptyKernel(func() error {
		look, err := openProbe()
		if err != nil {
			return err
		}
		defer look.close()
		// The checker process alone, as it is the one that programs IPVS, and without logging.
		p, err := startProcess(program, "--dont-fork", "--check", "--no-syslog", "--use-file", conf,
			"--pid", filepath.Join(dir, "parent.pid"), "--checkers_pid", filepath.Join(dir, "checkers.pid"))
		if err != nil {
			return err
		}
		start, reload, err = followKeepalived(ctx, r, p, look, func() error { return copyFile(keepalivedFile(fleet, 1), conf) })
		if err != nil {
			return p.explain(err)
		}
		p.kill()
		return nil
	})
	return start, reload, err
}

// followKeepalived times the two; edit is done before the clock of the reload runs.
func followKeepalived(ctx context.Context, r Rules, p *process, look probe, edit func() error) (start, reload time.Duration, err error) {
	at, err := look.filled(ctx, r)
	if err != nil {
		return 0, 0, fmt.Errorf("start keepalived with %s: %w", r, err)
	}
	start = at.Sub(p.begin)
	if err := edit(); err != nil {
		return 0, 0, err
	}
	pause(ctx)
	begin := time.Now()
	if err := p.signal(syscall.SIGHUP); err != nil {
		return 0, 0, err
	}
	if at, err = look.reweighted(ctx, r, 1); err != nil {
		return 0, 0, fmt.Errorf("reload keepalived with %s: %w", r, err)
	}
	return start, at.Sub(begin), nil
}

// settle is how long a system is left alone between two measurements: both do some work after the kernel holds everything.
const settle = 2 * time.Second

func pause(ctx context.Context) {
	select {
	case <-time.After(settle):
	case <-ctx.Done():
	}
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o644)
	}
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return nil
}
