package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/spec"
)

func (a *app) agentCmd() *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use: "agent", Short: "Follow the repository and keep this director as it says", Args: noArguments(),
		Long: "Follow the repository and keep this director as it says.\n\n" +
			"The first start takes over what the kernel holds: `lbsync diff` shows before what that changes and removes.\n" +
			"With --once the exit code is that of `lbsync status`.\n\n" + exitHelp(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.agentConfig()
			if err != nil {
				return err
			}
			ctx, stop := untilSignal(cmd.Context())
			defer stop()
			if once {
				onHangup(ctx, func() {})
				return a.once(ctx, cfg)
			}
			if err := a.textOnly("agent without --once"); err != nil {
				return err
			}
			return a.serve(ctx, cfg)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "fetch, apply, read back, print the status in place of a log, and leave the kernel as it is")
	return cmd
}

// once prints the status afterwards and ends with the exit code of `status`. It writes no log: status and journal tell the same.
func (a *app) once(ctx context.Context, cfg *spec.AgentConfig) error {
	d, err := a.assemble(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	status, err := d.agent.Once(ctx)
	doc := view.NewStatus(status, a.now())
	if doc.Health == view.Failing {
		err = nil // the status says it
	}
	if err := errors.Join(err, d.close(), a.print.Print(doc)); err != nil {
		return err
	}
	return done(healthExits[doc.Health])
}

// serve runs until a signal comes. The socket is open before the first work, so that status can say what a slow start is doing.
func (a *app) serve(ctx context.Context, cfg *spec.AgentConfig) error {
	open, err := listen(cfg)
	if err != nil {
		return err
	}
	d, err := a.logged(cfg)
	if err != nil {
		return errors.Join(err, open.close())
	}
	ctx, stop := context.WithCancel(ctx)
	onHangup(ctx, func() {
		d.others.Reload()
		_, _ = d.Do(ctx, spec.Command{Verb: spec.Refresh}) // status tells what came of it
	})
	go d.listen(ctx)
	answered := make(chan struct{})
	go func() {
		d.others.serve(ctx, d)
		close(answered)
	}()
	served := make(chan error, 1)
	go func() {
		served <- open.serve(ctx, stop, d) // an agent that nobody can ask is restarted by its supervisor
	}()
	// The agent goes last, so that what VRRP did until the end is recorded.
	loop, end := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		d.director.VRRP.Run(ctx)
		end()
	}()
	err = d.agent.Run(loop)
	stop()
	<-loop.Done()
	<-answered
	return errors.Join(err, <-served, d.close())
}
