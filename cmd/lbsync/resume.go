package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/spec"
)

func (a *app) resume() *cobra.Command {
	return a.command("resume", "End a suspension",
		"Drift is repaired and what was merged meanwhile is applied at once.", spec.Resume)
}
