package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/runtime/api"
)

func (a *app) snapshot() *cobra.Command {
	return &cobra.Command{
		Use: "snapshot", Short: "Write the live state as a document, for diff --against snapshot:FILE and validate --facts FILE elsewhere", Args: noArguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.director == everyDirector {
				a.print.JSON = true // one document of all, where the text of several is for reading
			}
			return a.again(cmd.Context(), 0, func(ctx context.Context, client *api.Client) (view.Document, int, error) {
				s, err := client.Snapshot(ctx)
				return view.NewSnapshot(s), exitOK, err
			})
		},
	}
}
