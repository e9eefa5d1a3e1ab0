package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/spec"
)

func (a *app) pin() *cobra.Command {
	return a.command("pin REV", "Hold one commit, whatever the branch does",
		"REV is applied at once, also while git is down, and held whatever is merged, until `lbsync unpin` or --for. `lbsync rollback` ends\n"+
			"by itself when the branch asks for something else. What REV does not declare is removed: --dry-run shows it before.", spec.PinTo)
}
