package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/spec"
)

func (a *app) rollback() *cobra.Command {
	return a.command("rollback REV", "Apply an earlier commit and stay there", spec.Rollback)
}
