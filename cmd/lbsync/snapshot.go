package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
)

func (a *app) snapshot() *cobra.Command {
	return &cobra.Command{
		Use: "snapshot", Short: "Write the live state as a document, for diff --against snapshot:FILE elsewhere", Args: noArguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.agent()
			if err != nil {
				return err
			}
			defer client.Close()
			s, err := client.Snapshot(cmd.Context())
			if err != nil {
				return err
			}
			return a.print.Print(view.NewSnapshot(s))
		},
	}
}
