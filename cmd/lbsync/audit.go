package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/reconcile/journal"
)

func (a *app) audit() *cobra.Command {
	audit := a.group("audit", "Read and prove the journal")
	audit.AddCommand(a.auditShow(), a.auditVerify(), a.auditExport())
	return audit
}

func (a *app) auditShow() *cobra.Command {
	var dir string
	var f filterFlags
	cmd := &cobra.Command{
		Use: "show", Short: "Show records, oldest first", Args: noArguments(),
		RunE: func(*cobra.Command, []string) error {
			filter, dir, err := a.records(f, dir)
			if err != nil {
				return err
			}
			var records []journal.Record
			for r, err := range journal.Read(dir, filter) {
				if err != nil {
					return fmt.Errorf("%w; `lbsync audit verify` tells what is wrong", err)
				}
				records = append(records, r)
			}
			return a.print.Print(view.NewAudit(records))
		},
	}
	journalFlag(cmd, &dir)
	f.register(cmd)
	return cmd
}

func (a *app) auditExport() *cobra.Command {
	var dir string
	var f filterFlags
	cmd := &cobra.Command{
		Use: "export", Short: "Write records as JSON lines, as they stand in the journal", Args: noArguments(),
		RunE: func(*cobra.Command, []string) error {
			filter, dir, err := a.records(f, dir)
			if err != nil {
				return err
			}
			return a.print.Export(dir, filter)
		},
	}
	journalFlag(cmd, &dir)
	f.register(cmd)
	return cmd
}

func (a *app) auditVerify() *cobra.Command {
	var dir, known string
	cmd := &cobra.Command{
		Use: "verify", Short: "Prove that no record was cut, edited or reordered", Args: noArguments(),
		RunE: func(*cobra.Command, []string) error {
			var heads []journal.Head
			if known != "" {
				var h journal.Head
				if _, err := fmt.Sscanf(known, "%d:%64s", &h.Seq, &h.Hash); err != nil {
					return usagef("--head %q: write SEQ:HASH, as audit verify prints them", known)
				}
				heads = append(heads, h)
			}
			dir, err := a.journalDir(dir)
			if err != nil {
				return err
			}
			report, err := journal.Verify(dir, heads...)
			if err != nil {
				return err
			}
			if err := a.print.Print(view.NewVerification(report)); err != nil || report.OK() {
				return err
			}
			return done(exitError)
		},
	}
	cmd.Flags().StringVar(&known, "head", "", "SEQ:HASH of a record that is known from elsewhere and must be there")
	journalFlag(cmd, &dir)
	return cmd
}

func journalFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "journal", "", "folder of the journal, such as a copy; the agent's own without it")
}

// journalDir is the folder that was named, or the one below the agent's state. It has to be there: an empty answer about a wrong
// folder would look like a director that nothing ever happened to.
func (a *app) journalDir(named string) (string, error) {
	dir := named
	if dir == "" {
		cfg, err := a.agentConfig()
		if err != nil {
			return "", err
		}
		dir = journalFolder(cfg.State)
	}
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("read journal: %w; has the agent ever run here? --config or --journal names another place", err)
	}
	return dir, nil
}

func (a *app) records(f filterFlags, dir string) (journal.Filter, string, error) {
	filter, err := f.filter(a.now())
	if err != nil {
		return filter, "", err
	}
	dir, err = a.journalDir(dir)
	return filter, dir, err
}
