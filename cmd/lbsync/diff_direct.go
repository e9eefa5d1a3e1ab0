package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/lbsync/lbsync/reconcile/agent"
	"github.com/lbsync/lbsync/runtime/director"
	"github.com/lbsync/lbsync/runtime/engine/line"
	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// withoutAgent compares with what the kernel of this host holds, as an agent would that starts now. down says that none answers.
func (a *app) withoutAgent(ctx context.Context, director string, down error) (baseline, error) {
	s, socket, err := a.kept(director, down)
	if err != nil {
		return baseline{}, err
	}
	if s.Live, err = a.readKernel(ctx, s.Prior); err != nil {
		return baseline{}, err
	}
	if s.Live.VRRP, s.Roles, err = readEngine(ctx, socket); err != nil {
		return baseline{}, err
	}
	if len(s.Live.Services)+len(s.Live.Daemons) == 0 {
		s.Prior = nil // a kernel that just booted has no drift: the agent takes it so too
	}
	as := "as at a first start"
	if s.Applied != nil {
		as = "with the last known good of " + s.Director
	}
	if err := a.print.Note(fmt.Sprintf("no agent answers on %s: this host's kernel was read directly, and compared %s", a.socket, as)); err != nil {
		return baseline{}, err
	}
	b, err := fromSnapshot(s, "This host")
	if err != nil {
		return baseline{}, err
	}
	here := b.starts[s.Director]
	here.adopts = true
	b.starts[s.Director] = here
	return b, nil
}

// kept is what the agent of this host would start from, without what is live, and where its engine listens.
func (a *app) kept(director string, down error) (s spec.Snapshot, engine string, err error) {
	if _, err := os.Stat(a.config); errors.Is(err, fs.ErrNotExist) {
		if director == "" {
			return s, "", &exit{exitUsage, down, fmt.Sprintf(
				"Without an agent, say which director this host is: --director NAME, or in %s (--config). --against rev:REV and snapshot:FILE need neither.", a.config)}
		}
		return spec.Snapshot{Director: director}, line.DefaultPath, nil
	}
	cfg, err := a.agentConfig()
	switch {
	case errors.Is(err, fs.ErrPermission):
		return s, "", &exit{exitUnreachable, err, "Run as root."}
	case err != nil:
		return s, "", err
	case cfg.Socket != a.socket:
		return s, "", usagef("%s: the agent listens on %s, not on %s: name it with --socket", a.config, cfg.Socket, a.socket)
	case director != "" && director != cfg.Director:
		return s, "", elsewhere(director, cfg.Director)
	}
	s, err = agent.LastKnownGood(cfg.Director, cfg.State)
	return s, cfg.Engine, err
}

// readEngine is what an engine works by, and its roles. One that does not run holds nothing.
func readEngine(ctx context.Context, socket string) (spec.VRRP, map[string]spec.Role, error) {
	e, err := line.Dial(socket)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return spec.VRRP{}, nil, nil
	}
	if err != nil {
		return spec.VRRP{}, nil, err
	}
	live, err := e.Wanted(ctx)
	if err != nil {
		return spec.VRRP{}, nil, err
	}
	status, err := e.Status(ctx)
	return live, director.RolesOf(status), err
}

// readKernel only reads: it loads no module. prior names the sysctls that have to be read beside those of IPVS.
func (a *app) readKernel(ctx context.Context, prior *spec.State) (spec.State, error) {
	k, err := a.kernel(kernel.Options{})
	switch {
	case errors.Is(err, kernel.ErrNoIPVS):
		return spec.State{}, a.print.Note("the kernel has no IPVS yet, so it counts as empty; an agent would try to load module ip_vs")
	case errors.Is(err, kernel.ErrPrivilege):
		return spec.State{}, &exit{exitUnreachable, err, ""}
	case err != nil:
		return spec.State{}, fmt.Errorf("open kernel: %w", err)
	}
	if prior != nil {
		for _, s := range prior.Sysctls {
			k.Hold(s.Key)
		}
	}
	live, err := k.ObserveFull(ctx)
	return live, errors.Join(err, k.Close())
}
