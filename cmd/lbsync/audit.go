package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/reconcile/agent"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/spec"
)

func (a *app) audit() *cobra.Command {
	audit := a.group("audit", "Read and prove the journal")
	audit.AddCommand(a.auditShow(), a.auditVerify(), a.auditExport(),
		a.command("accept", "Know that the journal is broken, and have status say so no more",
			"An altered, cut or deleted journal stays in status until then, over restarts too. Who accepted it, why, and what it was go\ninto the journal.", spec.AcceptJournal))
	return audit
}

func (a *app) auditShow() *cobra.Command {
	var state string
	var f filterFlags
	cmd := &cobra.Command{
		Use: "show", Short: "Show records, oldest first", Args: noArguments(),
		RunE: func(*cobra.Command, []string) error {
			filter, dir, err := a.records(f, state)
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
	stateFlag(cmd, &state)
	f.register(cmd)
	return cmd
}

func (a *app) auditExport() *cobra.Command {
	var state string
	var f filterFlags
	cmd := &cobra.Command{
		Use: "export", Short: "Write records as JSON lines, as they stand in the journal", Args: noArguments(),
		RunE: func(*cobra.Command, []string) error {
			filter, dir, err := a.records(f, state)
			if err != nil {
				return err
			}
			return a.print.Export(dir, filter)
		},
	}
	stateFlag(cmd, &state)
	f.register(cmd)
	return cmd
}

func (a *app) auditVerify() *cobra.Command {
	var state, known string
	cmd := &cobra.Command{
		Use: "verify", Short: "Prove that no record was cut, edited or reordered", Args: noArguments(),
		Long: `Prove that no record was cut, edited or reordered.

That the last records were cut shows only beside a head that is known from elsewhere: --head, that of the last known good beside
the journal, and without --state also that of the agent that runs here.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var heads []journal.Head
			if known != "" {
				var h journal.Head
				if _, err := fmt.Sscanf(known, "%d:%64s", &h.Seq, &h.Hash); err != nil {
					return usagef("--head %q: write SEQ:HASH, as audit verify prints them", known)
				}
				heads = append(heads, h)
			}
			dir, err := a.journalDir(state)
			if err != nil {
				return err
			}
			heads = append(heads, agent.JournalHead(filepath.Dir(dir)))
			if state == "" {
				heads = append(heads, a.agentHead(cmd.Context())...)
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
	stateFlag(cmd, &state)
	return cmd
}

// agentHead is the last record that the running agent wrote; none when no agent answers.
func (a *app) agentHead(ctx context.Context) []journal.Head {
	cfg, err := a.agentConfig()
	if err != nil {
		return nil
	}
	client, err := api.Dial(cfg.Socket)
	if err != nil {
		return nil
	}
	defer client.Close()
	status, err := client.Status(ctx)
	if err != nil || status.Journal.Seq == 0 {
		return nil
	}
	return []journal.Head{{Seq: status.Journal.Seq, Hash: status.Journal.Hash}}
}

func stateFlag(cmd *cobra.Command, state *string) {
	cmd.Flags().StringVar(state, "state", "", "the agent's state folder, or a copy of it; the one of --config without it")
}

// journalDir is the journal below the state folder that was named, or below the agent's own. It has to be there: an empty answer
// about a wrong folder would look like a director that nothing ever happened to.
func (a *app) journalDir(state string) (string, error) {
	if state == "" {
		cfg, err := a.agentConfig()
		if err != nil {
			return "", err
		}
		state = cfg.State
	}
	dir := journalFolder(state)
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("read journal: %w; has the agent ever run here? --config or --state names another place", err)
	}
	return dir, nil
}

func (a *app) records(f filterFlags, state string) (journal.Filter, string, error) {
	filter, err := f.filter(a.now())
	if err != nil {
		return filter, "", err
	}
	dir, err := a.journalDir(state)
	return filter, dir, err
}
