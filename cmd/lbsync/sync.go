package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/spec"
)

func (a *app) sync() *cobra.Command {
	group := a.group("sync", "Connection sync by hand")
	group.AddCommand(a.command("now", "Send all connections of this director to its backups, and say how many they know",
		"This happens by itself when a backup joins, returns or starts its daemon anew, and before a handover.", spec.SyncNow))
	return group
}

func (a *app) rollout() *cobra.Command {
	group := a.group("rollout", "The order in which directors apply a commit")
	group.AddCommand(a.command("proceed", "Apply the commit that waits, without directors that do not answer",
		"Connections that only they know of may be lost. It holds for this commit alone, and is kept in the audit; give a --reason.", spec.Proceed))
	return group
}
