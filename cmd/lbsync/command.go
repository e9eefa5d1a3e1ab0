package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/spec"
)

// command is a verb that asks the agent to do something.
func (a *app) command(use, short string, verb spec.Verb) *cobra.Command {
	var reason string
	var lasts time.Duration
	cmd := &cobra.Command{Use: use, Short: short, Args: noArguments()}
	cmd.Flags().StringVar(&reason, "reason", "", "why; kept in the journal and shown by status")
	if verb == spec.Rollback || verb == spec.PinTo {
		cmd.Args = arguments(1, 1, "a revision: a commit, a branch or a tag")
	}
	if verb == spec.Rollback || verb == spec.PinTo || verb == spec.Suspend {
		cmd.Flags().DurationVar(&lasts, "for", 0, "end by itself after this time, such as 2h; without it, it lasts until it is ended")
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c := spec.Command{Verb: verb, For: lasts, Reason: reason}
		if len(args) > 0 {
			c.Rev = args[0]
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
	if err := a.print.Print(view.NewResult(c.Verb, result)); err != nil {
		return err
	}
	switch {
	case result.Refusal != nil:
		return done(exitRefused)
	case result.Plan != nil && result.Plan.Failed > 0:
		return done(exitError)
	}
	return nil
}
