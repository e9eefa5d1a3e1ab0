package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/runtime/api"
)

func (a *app) history() *cobra.Command {
	var most int
	var from journalFlags
	cmd := &cobra.Command{
		Use: "history", Short: "Show the commits that were tried and what came of them, newest first", Args: noArguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if most < 0 {
				return usagef("--limit %d: write a number from 0", most)
			}
			here, err := a.here(from)
			if err != nil {
				return err
			}
			if !here {
				return a.again(cmd.Context(), 0, func(ctx context.Context, c *api.Client) (view.Document, int, error) { return historyAfar(ctx, c, most) })
			}
			dir, err := a.journalDir(from.state)
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
	cmd.Flags().IntVarP(&most, "limit", "n", 20, "show at most so many; 0 shows all, with --director the last 500")
	from.register(cmd)
	return cmd
}
