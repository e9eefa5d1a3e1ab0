package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/spec"
)

func (a *app) getChecks() *cobra.Command {
	var every time.Duration
	var words []string
	cmd := &cobra.Command{
		Use: "checks", Short: "Show the health checks: state, last probe, how far the next verdict is, and why", Args: noArguments(),
		Long: "Show the health checks: state, last probe, how far the next verdict is, and why. What several real servers ask for alike is run once, and\n" +
			"is one line, which says whom it serves: by name, or how many, and as JSON all. What it made of the real servers is in `get real-servers`.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			states, err := checkStates(words)
			if err != nil {
				return err
			}
			return a.watch(cmd.Context(), every, func(ctx context.Context, c *api.Client) (view.Document, int, error) {
				checks, err := c.Checks(ctx)
				if err != nil {
					return nil, exitOK, err
				}
				s, err := c.Status(ctx)
				return view.NewChecks(s, checks, a.now(), states...), exitOK, err
			})
		},
	}
	watchFlag(cmd, &every)
	cmd.Flags().StringSliceVar(&words, "state", nil, "only those that are up, down or unknown; several with commas")
	return cmd
}

func checkStates(words []string) ([]spec.CheckState, error) {
	var out []spec.CheckState
	for _, word := range words {
		var s spec.CheckState
		if err := s.UnmarshalText([]byte(word)); err != nil {
			return nil, usagef("--state %q: write up, down or unknown", word)
		}
		out = append(out, s)
	}
	return out, nil
}
