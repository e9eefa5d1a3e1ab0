package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/runtime/api"
)

func (a *app) getVRRP() *cobra.Command {
	var every time.Duration
	cmd := &cobra.Command{
		Use: "vrrp", Short: "Show the VRRP instances: role, priority, master, addresses, counters and trackers", Args: noArguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.watch(cmd.Context(), every, func(ctx context.Context, c *api.Client) (view.Document, int, error) {
				s, err := c.Status(ctx)
				if err == nil && s.Engine != nil {
					err = errors.New(s.Engine.Error)
				}
				return view.NewVRRP(s, a.now()), exitOK, err
			})
		},
	}
	watchFlag(cmd, &every)
	return cmd
}
