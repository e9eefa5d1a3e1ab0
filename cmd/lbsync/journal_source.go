package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/spec"
)

// journalFlags choose whose journal is read: that of this host from its files, or that of directors elsewhere.
type journalFlags struct{ state string }

func (f *journalFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.state, "state", "", "the agent's state folder, or a copy of it; the one of --config without it")
}

// here says whether files of this host are read.
func (a *app) here(f journalFlags) (bool, error) {
	if a.director != "" && f.state != "" {
		return false, usagef("--state reads files of this host, and --director asks elsewhere: give one of the two")
	}
	return a.director == "", nil
}

// errEnough ends the reading of records.
var errEnough = errors.New("enough")

// recordsAfar reads records of a director, answer by answer, until there are no more or take says that it has enough.
func recordsAfar(ctx context.Context, c *api.Client, q spec.RecordQuery, take func(line string) error) error {
	left := q.Limit
	for {
		page, err := c.Records(ctx, q)
		if err != nil {
			return err
		}
		for _, line := range page.Lines {
			if err := take(line); err != nil {
				return err
			}
		}
		left -= len(page.Lines)
		if page.Next == 0 || q.Limit > 0 && left <= 0 {
			return nil
		}
		q.After = page.Next
		if q.Limit > 0 {
			q.Limit = left
		}
	}
}

// auditAfar is the document of a director's records.
func auditAfar(ctx context.Context, c *api.Client, q spec.RecordQuery) (view.Document, int, error) {
	var records []journal.Record
	err := recordsAfar(ctx, c, q, func(line string) error {
		var r journal.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return fmt.Errorf("read record: %w; is the director of a newer version? audit export shows it as it stands", err)
		}
		records = append(records, r)
		return nil
	})
	return view.NewAudit(records), exitOK, err
}

// historyAfar is the document of what a director tried.
func historyAfar(ctx context.Context, c *api.Client, most int) (view.Document, int, error) {
	page, err := c.History(ctx, most)
	if err != nil {
		return nil, exitOK, err
	}
	var all []journal.Generation
	if err := json.Unmarshal(page.Generations, &all); err != nil {
		return nil, exitOK, fmt.Errorf("read history of %s: %w; is it of a newer version?", page.Director, err)
	}
	doc := view.NewHistory(all)
	doc.More = page.More && (most == 0 || most > len(all))
	return doc, exitOK, nil
}

// proofAfar is what a director found when it proved its journal.
func proofAfar(ctx context.Context, c *api.Client, heads []string) (view.Document, int, error) {
	v, err := c.Verify(ctx, heads...)
	if err != nil {
		return nil, exitOK, err
	}
	var report journal.Report
	if err := json.Unmarshal(v.Report, &report); err != nil {
		return nil, exitOK, fmt.Errorf("read verification of %s: %w; is it of a newer version?", v.Director, err)
	}
	code := exitOK
	if !report.OK() {
		code = exitError
	}
	return view.NewVerification(report), code, nil
}
