package view

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// Audit are records of the journal, oldest first.
type Audit struct {
	Head
	Records []journal.Record `json:"records"`
}

// NewAudit makes the document.
func NewAudit(records []journal.Record) Audit {
	if records == nil {
		records = []journal.Record{}
	}
	return Audit{head("audit"), records}
}

// Text is one line for each record, and below them what refused commits had wrong.
func (a Audit) Text(t *Text) {
	if len(a.Records) == 0 {
		t.Linef("no record matches")
		return
	}
	rows := [][]Cell{titles("SEQ", "TIME", "EVENT", "COMMIT", "ACTOR", "WHAT", "RESULT")}
	for _, r := range a.Records {
		rows = append(rows, []Cell{
			Plain.In(strconv.FormatUint(r.Seq, 10)), Dim.In(stamp(r.Time)), eventStyles[r.Event].In(r.Event.String()),
			Plain.In(spec.ShortID(r.Commit)), Plain.In(r.Actor), Plain.In(what(r)), Plain.In(r.Result),
		})
	}
	t.Table("", rows)
	for _, r := range a.Records {
		if r.Diagnostics == "" {
			continue
		}
		t.Linef("")
		t.Linef("%d, %s refused:", r.Seq, spec.ShortID(r.Commit))
		for line := range strings.Lines(r.Diagnostics) {
			t.Linef("  %s", strings.TrimSuffix(line, "\n"))
		}
	}
}

// what is the object with its change, or else the plan, or the remark.
func what(r journal.Record) string {
	_, state, _ := strings.Cut(r.After, "=")
	switch {
	case r.Event == journal.Brake && r.Key == "":
		return "brake of all checks is " + state
	case r.Event == journal.Brake:
		return "brake of " + r.Key + " is " + state
	case r.Event == journal.Quorum:
		return "quorum of " + r.Key + " is " + map[bool]string{true: "gained", false: "lost"}[state == "up"]
	case r.Event == journal.Health && r.Key != "":
		return object(spec.Object{Kind: r.Kind, Key: r.Key}) + " is " + state
	case r.Key != "" && r.Before == "" && r.After == "" && r.Detail != "":
		return object(spec.Object{Kind: r.Kind, Key: r.Key}) + ": " + r.Detail
	case r.Key != "":
		text := happened(r, object(spec.Object{Kind: r.Kind, Key: r.Key}))
		if r.Detail != "" {
			text += "; " + r.Detail
		}
		return text
	case r.Detail != "":
		return r.Detail
	case r.Plan != "":
		return fmt.Sprintf("%s, %s", r.Plan[:min(len(r.Plan), len("sha256:")+12)], plural(r.Changes, "change"))
	}
	return ""
}

// eventStyles are for what stands out; the rest is plain.
var eventStyles = map[journal.Event]Style{
	journal.Refused: Red, journal.Failed: Red, journal.ChainBroken: Red, journal.PeerJournal: Red, journal.SourceFailing: Red,
	journal.Drift: Magenta, journal.RolledBack: Magenta, journal.Transition: Bold, journal.HandedOver: Magenta,
	journal.Reverted: Red, journal.Confirmed: Green, journal.Proceeded: Magenta, journal.RuleOverridden: Magenta,
	journal.Brake: Red, journal.Quorum: Bold, journal.Health: Bold,
	journal.Applied: Green, journal.SourceOK: Green,
}

// Export writes the records that pass a filter as JSON lines, just as they stand in the journal.
func (p *Printer) Export(dir string, f journal.Filter) error { return journal.Export(p.Out, dir, f) }

// Verification is what proving the journal's chain found.
type Verification struct {
	Head
	OK bool `json:"ok"`
	journal.Report
}

// NewVerification makes the document.
func NewVerification(r journal.Report) Verification {
	return Verification{head("audit verification"), r.OK(), r}
}

// Text is the verdict, then each fault.
func (v Verification) Text(t *Text) {
	if v.OK {
		t.Line(Green.In("The chain holds"), Plain.In(fmt.Sprintf(": %s in %s, head %d %s", plural(int(v.Records), "record"),
			plural(v.Segments, "segment"), v.Report.Head.Seq, v.Report.Head.Hash)))
	} else {
		t.Line(Red.In("The chain is broken"), Plain.In(fmt.Sprintf(" in %s: somebody altered the journal, or the disk did", plural(len(v.Faults), "place"))))
	}
	for _, f := range v.Faults {
		t.Linef("  %s", f)
	}
	if v.Torn != nil {
		t.Linef("  %s ends with an incomplete line, as after a power loss; the agent cuts it when it starts. This is no fault.", v.Torn.File)
	}
}
