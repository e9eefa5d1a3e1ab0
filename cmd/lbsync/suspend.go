package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/spec"
)

func (a *app) suspend() *cobra.Command {
	return a.command("suspend", "Write nothing until resumed; go on reading and reporting",
		"New commits are fetched and not applied, drift is reported and not repaired. It outlasts a restart of the agent.", spec.Suspend)
}
