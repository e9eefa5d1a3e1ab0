package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/lbsync/lbsync/reconcile/agent"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/spec"
)

// archive answers about the journal of a running agent, from its files. It satisfies api.Archive.
type archive struct {
	director, dir string
	head          func() journal.Head // the last record that the agent wrote
}

func (s archive) Records(_ context.Context, q spec.RecordQuery) (spec.RecordPage, error) {
	f := journal.Filter{Commit: q.Commit, Object: q.Object, Since: q.Since, Until: q.Until, After: q.After, Limit: q.Limit}
	var err error
	if f.Events, err = eventsOf(q.Events); err != nil {
		return spec.RecordPage{}, fmt.Errorf("%w: %w", api.ErrQuestion, err)
	}
	p, err := journal.ReadPage(s.dir, f)
	if err != nil {
		return spec.RecordPage{}, fmt.Errorf("%w; `lbsync audit verify` tells what is wrong", err)
	}
	return spec.RecordPage{Version: spec.DocumentVersion, Director: s.director, Lines: p.Lines, Next: p.Next}, nil
}

func (s archive) History(_ context.Context, most int) (spec.HistoryPage, error) {
	if most <= 0 || most > api.MaxHistory {
		most = api.MaxHistory
	}
	all, err := journal.History(s.dir, most+1)
	if err != nil {
		return spec.HistoryPage{}, err
	}
	out := spec.HistoryPage{Version: spec.DocumentVersion, Director: s.director, More: len(all) > most}
	out.Generations, err = json.Marshal(all[:min(most, len(all))])
	return out, err
}

func (s archive) Verify(_ context.Context, heads []string) (spec.Verification, error) {
	known := []journal.Head{s.head(), agent.JournalHead(filepath.Dir(s.dir))}
	for _, text := range heads {
		h, err := headOf(text)
		if err != nil {
			return spec.Verification{}, fmt.Errorf("%w: %w", api.ErrQuestion, err)
		}
		known = append(known, h)
	}
	report, err := journal.Verify(s.dir, known...)
	if err != nil {
		return spec.Verification{}, err
	}
	out := spec.Verification{Version: spec.DocumentVersion, Director: s.director}
	out.Report, err = json.Marshal(report)
	return out, err
}

// eventsOf reads the words of events.
func eventsOf(words []string) ([]journal.Event, error) {
	var out []journal.Event
	for _, word := range words {
		var e journal.Event
		if err := e.UnmarshalText([]byte(word)); err != nil {
			return nil, fmt.Errorf("event %q: write one of %s", word, eventWords())
		}
		out = append(out, e)
	}
	return out, nil
}

// headOf reads SEQ:HASH.
func headOf(text string) (journal.Head, error) {
	var h journal.Head
	_, hash, _ := strings.Cut(text, ":")
	if n, err := fmt.Sscanf(text, "%d:%64s", &h.Seq, &h.Hash); err != nil || n != 2 || len(hash) != 64 || h.Hash != hash {
		return h, fmt.Errorf("head %q: write SEQ:HASH, as audit verify prints them", text)
	}
	return h, nil
}
