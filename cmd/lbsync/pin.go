package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/spec"
)

func (a *app) pin() *cobra.Command {
	return a.command("pin REV", "Hold one commit, whatever the branch does", spec.PinTo)
}
