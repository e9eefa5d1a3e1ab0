package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/runtime/api"
)

// healthExits are the exit codes of `status`, so that a monitor needs no JSON.
var healthExits = map[view.Health]int{
	view.Fine: exitOK, view.Failing: exitError, view.Impaired: exitError, view.Invalid: exitError, view.Refused: exitRefused, view.Reverted: exitReverted, view.Held: exitHeld,
	view.Behind: exitPending, view.NotStarted: exitPending, view.Drifted: exitDrift,
}

func (a *app) status() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Say whether all is well, and if not, what is wrong since when", Args: noArguments(),
		Long: "Say whether all is well, and if not, what is wrong since when. The exit code is that of the first line.\n\n" + exitHelp(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.again(cmd.Context(), 0, func(ctx context.Context, c *api.Client) (view.Document, int, error) {
				s, err := c.Status(ctx)
				if err != nil {
					return nil, exitOK, err
				}
				doc := view.NewStatus(s, a.now())
				return doc, healthExits[doc.Health], nil
			})
		},
	}
}
