package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lbsync/lbsync/spec"
)

// Version is the version of the records that are written.
const Version = 1

// Record is one line. Append fills V, Seq, Time and Prev; Event has to be given; what is empty is not written.
type Record struct {
	V    int       `json:"v"`
	Seq  uint64    `json:"seq"`  // 1, 2, 3, … over all segments
	Time time.Time `json:"time"` // UTC
	Prev string    `json:"prev"` // hash of the line before

	Event    Event  `json:"event"`
	Director string `json:"director,omitempty"`

	Commit string `json:"commit,omitempty"` // full object name
	Author string `json:"author,omitempty"` // "name <email>"
	Signer string `json:"signer,omitempty"` // the key that signed the commit
	Actor  string `json:"actor,omitempty"`  // of a local command uid and login, "0 root"; "agent" otherwise

	Plan    string `json:"plan,omitempty"`    // digest of the plan
	Changes int    `json:"changes,omitempty"` // how many changes the plan has, on Planned and Intent
	Step    string `json:"step,omitempty"`    // phase, "n/m"

	Kind   spec.Kind `json:"kind,omitempty"` // of the object
	Key    string    `json:"key,omitempty"`
	Before string    `json:"before,omitempty"`
	After  string    `json:"after,omitempty"`

	Result      string `json:"result,omitempty"` // "ok", or the error
	Detail      string `json:"detail,omitempty"`
	Diagnostics string `json:"diagnostics,omitempty"` // on Refused: what is wrong with the fleet, as the operator reads it
}

// A line stays below maxLine, whatever a fleet puts into a text: 14 short texts and the diagnostics, each byte at most 6 in JSON.
const (
	maxText        = 4 << 10
	maxDiagnostics = 64 << 10
	maxLine        = 1 << 20
)

// sealed is the record as it is written and read back: texts are bounded and valid UTF-8.
func (r Record) sealed(at Head, now time.Time) Record {
	r.V, r.Seq, r.Prev, r.Time = Version, at.Seq+1, at.Hash, now
	r.Kind = spec.Kind(shorten(string(r.Kind), maxText))
	for _, s := range []*string{
		&r.Director, &r.Commit, &r.Author, &r.Signer, &r.Actor, &r.Plan, &r.Step, &r.Key, &r.Before, &r.After, &r.Result, &r.Detail,
	} {
		*s = shorten(*s, maxText)
	}
	r.Diagnostics = shorten(r.Diagnostics, maxDiagnostics)
	return r
}

// shorten cuts a text at a rune and says how much is missing.
func shorten(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= limit {
		return s
	}
	cut := limit
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%s… (%d more bytes)", s[:cut], len(s)-cut)
}

// line is the record's bytes without a newline. HTML escapes are off: < and > of an author stay readable.
func (r Record) line() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("encode %s record: %w", r.Event, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
