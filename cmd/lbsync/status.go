package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
)

// healthExits are the exit codes of `status`, so that a monitor needs no JSON.
var healthExits = map[view.Health]int{
	view.Fine: exitOK, view.Failing: exitError, view.Invalid: exitError, view.Refused: exitRefused, view.Reverted: exitReverted, view.Held: exitHeld,
	view.Behind: exitPending, view.NotStarted: exitPending, view.Drifted: exitDrift,
}

func (a *app) status() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Say whether all is well, and if not, what is wrong since when", Args: noArguments(),
		Long: "Say whether all is well, and if not, what is wrong since when. The exit code is that of the first line.\n\n" + exitHelp(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.agent()
			if err != nil {
				return err
			}
			defer client.Close()
			s, err := client.Status(cmd.Context())
			if err != nil {
				return err
			}
			doc := view.NewStatus(s, a.now())
			if err := a.print.Print(doc); err != nil {
				return err
			}
			return done(healthExits[doc.Health])
		},
	}
}
