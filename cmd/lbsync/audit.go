package main

import (
	"context"
	"errors"
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
			"An altered, cut or deleted journal stays in status until then, over restarts too. Who accepted it, why, and what it was go\ninto the journal. With --peer it is that of another director: one that this director saw go back, or saw rewritten.", spec.AcceptJournal))
	return audit
}

// readsRecords makes a command that reads records: here, from the journal's folder, or those of directors elsewhere.
func (a *app) readsRecords(cmd *cobra.Command, near func(spec.RecordQuery, journalFlags) error, far func(context.Context, spec.RecordQuery) error) *cobra.Command {
	var from journalFlags
	var f filterFlags
	cmd.Args = noArguments()
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		q, err := f.query(a.now())
		if err != nil {
			return err
		}
		here, err := a.here(from)
		if err != nil {
			return err
		}
		if !here {
			return far(cmd.Context(), q)
		}
		return near(q, from)
	}
	from.register(cmd)
	f.register(cmd)
	return cmd
}

func (a *app) auditShow() *cobra.Command {
	return a.readsRecords(&cobra.Command{Use: "show", Short: "Show records, oldest first"}, a.showRecords, func(ctx context.Context, q spec.RecordQuery) error {
		return a.again(ctx, 0, func(ctx context.Context, c *api.Client) (view.Document, int, error) { return auditAfar(ctx, c, q) })
	})
}

func (a *app) showRecords(q spec.RecordQuery, from journalFlags) error {
	filter, dir, err := a.records(q, from)
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
}

func (a *app) auditExport() *cobra.Command {
	return a.readsRecords(&cobra.Command{
		Use: "export", Short: "Write records as JSON lines, as they stand in the journal",
		Long: "Write records as JSON lines, as they stand in the journal. Of several directors they come one director after the other, and each\nline names its own.",
	}, a.exportRecords, a.exportAfar)
}

func (a *app) exportRecords(q spec.RecordQuery, from journalFlags) error {
	filter, dir, err := a.records(q, from)
	if err != nil {
		return err
	}
	return a.print.Export(dir, filter)
}

// exportAfar writes what each director that was named has, and then says which could not be read.
func (a *app) exportAfar(ctx context.Context, q spec.RecordQuery) error {
	f, err := a.from(a.fleet)
	if err != nil {
		return err
	}
	names, err := f.named(a.director)
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range names {
		err := func() error {
			client, err := f.client(name)
			if err != nil {
				return err
			}
			defer client.Close()
			return recordsAfar(ctx, client, q, func(line string) error { return a.print.Raw([]byte(line + "\n")) })
		}()
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(failed...)
}

func (a *app) auditVerify() *cobra.Command {
	var from journalFlags
	var heads []string
	cmd := &cobra.Command{
		Use: "verify", Short: "Prove that no record was cut, edited or reordered", Args: noArguments(),
		Long: `Prove that no record was cut, edited or reordered.

That the last records were cut shows only beside a head that is known from elsewhere: --head, that of the last known good beside
the journal, and without --state also that of the agent that runs there. With --director the director itself reads its journal: who is
root there could have it say anything, but not something that agrees with a --head that you kept.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var known []journal.Head
			for _, text := range heads {
				h, err := headOf(text)
				if err != nil {
					return usagef("--%w", err)
				}
				known = append(known, h)
			}
			here, err := a.here(from)
			if err != nil {
				return err
			}
			if !here {
				return a.again(cmd.Context(), 0, func(ctx context.Context, c *api.Client) (view.Document, int, error) { return proofAfar(ctx, c, heads) })
			}
			return a.verifyHere(cmd.Context(), from, known)
		},
	}
	cmd.Flags().StringArrayVar(&heads, "head", nil, "SEQ:HASH of a record that is known from elsewhere and must be there")
	from.register(cmd)
	return cmd
}

func (a *app) verifyHere(ctx context.Context, from journalFlags, heads []journal.Head) error {
	dir, err := a.journalDir(from.state)
	if err != nil {
		return err
	}
	heads = append(heads, agent.JournalHead(filepath.Dir(dir)))
	if from.state == "" {
		heads = append(heads, a.agentHead(ctx)...)
	}
	report, err := journal.Verify(dir, heads...)
	if err != nil {
		return err
	}
	if err := a.print.Print(view.NewVerification(report)); err != nil || report.OK() {
		return err
	}
	return done(exitError)
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

func (a *app) records(q spec.RecordQuery, from journalFlags) (journal.Filter, string, error) {
	events, err := eventsOf(q.Events)
	if err != nil {
		return journal.Filter{}, "", err
	}
	dir, err := a.journalDir(from.state)
	return journal.Filter{Commit: q.Commit, Object: q.Object, Events: events, Since: q.Since, Until: q.Until, Limit: q.Limit}, dir, err
}
