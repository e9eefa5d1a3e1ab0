package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/spec"
)

// command is a verb that asks the agent to do something.
func (a *app) command(use, short, long string, verb spec.Verb) *cobra.Command {
	c := spec.Command{Verb: verb}
	cmd := &cobra.Command{Use: use, Short: short, Args: noArguments()}
	cmd.Long = short + ".\n\n" + long + "\n\n" + exitHelp(exitOK, exitError, exitRefused, exitUnreachable, exitUsage)
	cmd.Flags().StringVar(&c.Reason, "reason", "", "why; kept in the journal and shown by status")
	if verb == spec.Rollback || verb == spec.PinTo {
		cmd.Args = arguments(1, 1, "a revision: a commit, a branch or a tag")
		cmd.Flags().BoolVar(&c.DryRun, "dry-run", false, "only show what it would change, with the exit codes of diff")
	}
	if verb == spec.AcceptJournal {
		cmd.Flags().StringVar(&c.Peer, "peer", "", "the journal of this other director, which status reports; without it, the own one")
	}
	if verb == spec.Rollback || verb == spec.PinTo || verb == spec.Suspend {
		cmd.Flags().DurationVar(&c.For, "for", 0, "end by itself after this time, such as 2h; without it, it lasts until it is ended")
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			c.Rev = args[0]
		}
		if cmd.Flags().Changed("for") && c.For == 0 {
			return usagef("--for 0: write a duration above 0, or leave it out for no end") // on the wire, 0 is no end
		}
		if err := c.Check(); err != nil {
			return usagef("%w", err)
		}
		return a.ask(cmd, c)
	}
	return cmd
}

func (a *app) ask(cmd *cobra.Command, c spec.Command) error {
	client, err := a.agent()
	if err != nil {
		return err
	}
	defer client.Close()
	result, err := client.Do(cmd.Context(), c)
	if err != nil {
		return err
	}
	if c.DryRun && c.Verb != spec.Handover && result.Refusal == nil {
		return a.preview(cmd.Context(), client, result)
	}
	if err := a.print.Print(view.NewResult(c, result)); err != nil {
		return err
	}
	switch {
	case result.Refusal != nil && !result.Refusal.Invalid:
		return done(exitRefused)
	case result.Refusal != nil:
		return done(exitError)
	case result.Plan != nil && result.Plan.Failed > 0:
		return done(exitError)
	}
	return nil
}

// preview is the diff of a dry run: from what is live to the commit that the agent looked up and judged.
func (a *app) preview(ctx context.Context, client *api.Client, result spec.CommandResult) error {
	v, err := spec.DecodeView(result.View)
	if err != nil {
		return fmt.Errorf("%w; is the agent of another version?", err)
	}
	director := v.Director.Def.Name
	base, err := ofAgent(ctx, client, director)
	if err != nil {
		return err
	}
	return a.showDiff([]view.DirectorDiff{a.plan(v, base.starts[director], target{commit: *result.Commit})}, false)
}
