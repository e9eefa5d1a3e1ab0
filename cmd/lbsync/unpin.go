package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/spec"
)

func (a *app) unpin() *cobra.Command {
	return a.command("unpin", "End a pin or a rollback: follow the branch again",
		"What the branch asks for is applied at once.", spec.Unpin)
}
