package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/spec"
)

func (a *app) suspend() *cobra.Command {
	return a.command("suspend", "Write nothing until resumed; go on reading and reporting", spec.Suspend)
}
