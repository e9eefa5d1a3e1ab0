package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lblab/cache"
	"github.com/lbsync/lbsync/cmd/lblab/debian"
)

func setupCommand() *cobra.Command {
	var with []string
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Install what is missing and fetch Debian's current kernel",
		Args:  cobra.NoArgs,
	}
	cmd.Flags().StringSliceVar(&with, "with", nil, "further Debian packages, e.g. keepalived,tcpdump")
	cmd.RunE = func(*cobra.Command, []string) error {
		apt := debian.Apt{Progress: progress}
		if err := apt.Tools(); err != nil {
			return err
		}
		if err := apt.Missing(with); err != nil {
			return err
		}
		kernel, err := cache.Ready(apt, true)
		if err != nil {
			return err
		}
		fmt.Printf("kernel %s in %s\n", kernel.Release, kernel.Modules)
		return nil
	}
	return cmd
}
