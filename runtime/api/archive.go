package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Archive is the journal as the socket needs it. An error of kind ErrQuestion is the caller's.
type Archive interface {
	Records(ctx context.Context, q spec.RecordQuery) (spec.RecordPage, error)
	// History is at most so many commits that were tried, the newest first.
	History(ctx context.Context, most int) (spec.HistoryPage, error)
	// Verify proves the chain, and that the records of these heads, "SEQ:HASH", are in it.
	Verify(ctx context.Context, heads []string) (spec.Verification, error)
}

// ErrQuestion is a question that makes no sense.
var ErrQuestion = errors.New("the question cannot be answered")

// MaxHistory is how many commits one answer has at most.
const MaxHistory = 500

// maxWord bounds each text of a question, and maxWords how many there are of one.
const (
	maxWord  = 256
	maxWords = 64
)

// What reads the journal is done one at a time, and no more often than this: a page looks at no more than 16 MiB, a proof at all of it.
const (
	pageEvery  = 250 * time.Millisecond
	proofEvery = 5 * time.Second
)

func archive(mux *http.ServeMux, h Archive) {
	pages, proofs := newPace(pageEvery), newPace(proofEvery)
	mux.HandleFunc("GET /v1/records", answered(pages, readQuery, h.Records))
	mux.HandleFunc("GET /v1/history", answered(pages, readMost, h.History))
	mux.HandleFunc("GET /v1/verification", answered(proofs, readHeads, h.Verify))
}

// answered reads a question, waits for its turn, and answers.
func answered[Q, T any](p *pace, parse func(url.Values) (Q, error), get func(context.Context, Q) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		values, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			fail(w, http.StatusBadRequest, err)
			return
		}
		q, err := parse(values)
		if err != nil {
			fail(w, http.StatusBadRequest, err)
			return
		}
		done, err := p.turn(r.Context())
		if err != nil {
			fail(w, http.StatusServiceUnavailable, err)
			return
		}
		defer done()
		v, err := get(r.Context(), q)
		switch {
		case errors.Is(err, ErrQuestion):
			fail(w, http.StatusBadRequest, err)
		case err != nil:
			fail(w, http.StatusServiceUnavailable, err)
		default:
			writeJSON(w, v)
		}
	}
}

// known refuses a parameter that the agent does not know: it would otherwise be left out in silence.
func known(v url.Values, names ...string) error {
	for name, words := range v {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%.64q is not known; there are: %q", name, names)
		}
		for _, w := range words {
			if len(w) > maxWord {
				return fmt.Errorf("%s has %d bytes, at most %d", name, len(w), maxWord)
			}
		}
		if len(words) > maxWords {
			return fmt.Errorf("%s stands there %d times, at most %d", name, len(words), maxWords)
		}
	}
	return nil
}

func readQuery(v url.Values) (q spec.RecordQuery, err error) {
	if err := known(v, "commit", "object", "event", "since", "until", "after", "limit"); err != nil {
		return q, err
	}
	q.Commit, q.Object, q.Events = v.Get("commit"), v.Get("object"), v["event"]
	if q.Since, err = moment(v, "since"); err != nil {
		return q, err
	}
	if q.Until, err = moment(v, "until"); err != nil {
		return q, err
	}
	if text := v.Get("after"); text != "" {
		if q.After, err = strconv.ParseUint(text, 10, 64); err != nil {
			return q, fmt.Errorf("after=%q: write the sequence number of a record", text)
		}
	}
	q.Limit, err = readMost(url.Values{"limit": v["limit"]})
	return q, err
}

func moment(v url.Values, name string) (time.Time, error) {
	text := v.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, fmt.Errorf("%s=%q: write a time such as 2026-03-04T05:06:07Z", name, text)
	}
	return t, nil
}

func readMost(v url.Values) (int, error) {
	if err := known(v, "limit"); err != nil {
		return 0, err
	}
	text := v.Get("limit")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("limit=%q: write a number from 0", text)
	}
	return n, nil
}

func readHeads(v url.Values) ([]string, error) {
	return v["head"], known(v, "head")
}

// values is a question as readQuery reads it.
func values(q spec.RecordQuery) url.Values {
	v := url.Values{}
	set := func(name, text string, is bool) {
		if is {
			v.Set(name, text)
		}
	}
	set("commit", q.Commit, q.Commit != "")
	set("object", q.Object, q.Object != "")
	set("since", q.Since.Format(time.RFC3339Nano), !q.Since.IsZero())
	set("until", q.Until.Format(time.RFC3339Nano), !q.Until.IsZero())
	set("after", strconv.FormatUint(q.After, 10), q.After > 0)
	set("limit", strconv.Itoa(q.Limit), q.Limit > 0)
	if len(q.Events) > 0 {
		v["event"] = q.Events
	}
	return v
}
