package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/spec"
)

func (a *app) rollback() *cobra.Command {
	return a.command("rollback REV", "Apply an earlier commit and stay there",
		"REV is applied at once, also while git is down, and held. As soon as the branch asks for something else than the commit that was\n"+
			"left, the director follows it again by itself: the repair, once merged, needs nobody to unpin. `lbsync pin` stays whatever is merged.\n"+
			"What REV does not declare is removed: --dry-run shows it before.", spec.Rollback)
}
