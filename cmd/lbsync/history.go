package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/reconcile/journal"
)

func (a *app) history() *cobra.Command {
	var most int
	var state string
	cmd := &cobra.Command{
		Use: "history", Short: "Show the commits that were tried and what came of them, newest first", Args: noArguments(),
		RunE: func(*cobra.Command, []string) error {
			dir, err := a.journalDir(state)
			if err != nil {
				return err
			}
			generations, err := journal.History(dir, most)
			if err != nil {
				return err
			}
			return a.print.Print(view.NewHistory(generations))
		},
	}
	cmd.Flags().IntVarP(&most, "limit", "n", 20, "show at most so many; 0 shows all")
	stateFlag(cmd, &state)
	return cmd
}
