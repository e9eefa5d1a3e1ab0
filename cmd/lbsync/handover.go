package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/spec"
)

func (a *app) handover() *cobra.Command {
	c := spec.Command{Verb: spec.Handover}
	cmd := &cobra.Command{
		Use: "handover INSTANCE", Short: "Give the master role of a vrrp_instance to another director", Args: arguments(1, 1, "a vrrp_instance"),
		Long: "Give the master role of a vrrp_instance to another director. Run it on the master.\n\n" +
			"It releases the addresses and sends priority 0, so that a backup takes over within its skew time, below one advert_interval. The\n" +
			"instances of its sync group go with it. This director then stays backup, also with preempt = true, until it became master for\n" +
			"another reason. Whether a backup is there cannot be known, as backups say nothing: if none is, this director is master again after\n" +
			"the master-down interval. All connections are sent to the backups first, so that they live on; where a backup then holds less than the\n" +
			"coverage of connection_sync, it is refused. --dry-run says what it would do.\n\n" +
			exitHelp(exitOK, exitError, exitUnreachable, exitUsage),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Instance = spec.InstanceKey(args[0])
			if err := c.Check(); err != nil {
				return usagef("%w", err)
			}
			return a.ask(cmd, c)
		},
	}
	cmd.Flags().StringVar(&c.Reason, "reason", "", "why; kept in the journal")
	cmd.Flags().BoolVar(&c.Now, "now", false, "do not send all connections to the backups first, and do not look at what they hold")
	cmd.Flags().BoolVar(&c.DryRun, "dry-run", false, "only say what it would do, and whether it can be done")
	return cmd
}
