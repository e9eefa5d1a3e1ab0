package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/lbsync/lbsync/reconcile/agent"
	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// withoutAgent compares with what the kernel of this host holds, as an agent would that starts now. down says that none answers.
func (a *app) withoutAgent(ctx context.Context, director string, down error) (baseline, error) {
	s, err := a.kept(director, down)
	if err != nil {
		return baseline{}, err
	}
	if s.Live, err = a.readKernel(ctx, s.Prior); err != nil {
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
	return fromSnapshot(s, "This host")
}

// kept is what the agent of this host would start from, without what is live.
func (a *app) kept(director string, down error) (spec.Snapshot, error) {
	if _, err := os.Stat(a.config); errors.Is(err, fs.ErrNotExist) {
		if director == "" {
			return spec.Snapshot{}, &exit{exitUsage, down, fmt.Sprintf(
				"Without an agent, say which director this host is: --director NAME, or in %s (--config). --against rev:REV and snapshot:FILE need neither.", a.config)}
		}
		return spec.Snapshot{Director: director}, nil
	}
	cfg, err := a.agentConfig()
	switch {
	case errors.Is(err, fs.ErrPermission):
		return spec.Snapshot{}, &exit{exitUnreachable, err, "Run as root."}
	case err != nil:
		return spec.Snapshot{}, err
	case cfg.Socket != a.socket:
		return spec.Snapshot{}, usagef("%s: the agent listens on %s, not on %s: name it with --socket", a.config, cfg.Socket, a.socket)
	case director != "" && director != cfg.Director:
		return spec.Snapshot{}, elsewhere(director, cfg.Director)
	}
	return agent.LastKnownGood(cfg.Director, cfg.State)
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
