package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/runtime/api"
)

func (a *app) getRealServers() *cobra.Command {
	var every time.Duration
	cmd := &cobra.Command{
		Use: "real-servers", Short: "Show the real servers of each service, and what health checks, drains and overrides make of them", Args: noArguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.watch(cmd.Context(), every, func(ctx context.Context, c *api.Client) (view.Document, int, error) {
				snapshot, stats, err := readLive(ctx, c)
				if err != nil {
					return nil, exitOK, err
				}
				s, err := c.Status(ctx)
				return view.NewRealServers(snapshot, stats, s.Health, a.now()), exitOK, err
			})
		},
	}
	watchFlag(cmd, &every)
	return cmd
}
