package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// filterFlags choose records.
type filterFlags struct {
	commit, object, since, until string
	events                       []string
	limit                        int
}

func (f *filterFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.commit, "commit", "", "records of this commit; the first digits will do")
	flags.StringVar(&f.object, "object", "", "records whose object contains this, such as 192.0.2.21")
	flags.StringSliceVar(&f.events, "event", nil, "records of these events: "+eventWords())
	flags.StringVar(&f.since, "since", "", "not before: 2h, or 2026-03-04T05:06:07Z")
	flags.StringVar(&f.until, "until", "", "before: as --since")
	flags.IntVarP(&f.limit, "limit", "n", 0, "at most so many; 0 is all")
}

func eventWords() string {
	var words []string
	for _, e := range journal.Events() {
		words = append(words, e.String())
	}
	return strings.Join(words, ", ")
}

// query is what the flags say. Each is judged here, so that a mistake costs no question.
func (f *filterFlags) query(now time.Time) (spec.RecordQuery, error) {
	q := spec.RecordQuery{Commit: f.commit, Object: f.object, Events: f.events, Limit: f.limit}
	if _, err := eventsOf(f.events); err != nil {
		return q, usagef("--%w", err)
	}
	if f.limit < 0 {
		return q, usagef("--limit %d: write a number from 0", f.limit)
	}
	var err error
	if q.Since, err = moment("--since", f.since, now); err != nil {
		return q, err
	}
	q.Until, err = moment("--until", f.until, now)
	return q, err
}

// moment reads a time, or how long ago it was.
func moment(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, usagef("%s %q: write a duration such as 2h, or a time such as 2026-03-04T05:06:07Z", flag, s)
	}
	return t, nil
}
