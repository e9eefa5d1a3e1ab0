package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// listed is the most changes of one director that are listed one by one unless all are asked for; above it they are counted by
// service, and of these counts no more than that many are shown.
const listed = 100

// Text shows each director's changes, then what holds for all of them.
func (d Diff) Text(t *Text) {
	first := map[spec.Digest]string{}
	for _, one := range d.Directors {
		one.text(t, d, first[one.Digest])
		first[one.Digest] = cmp.Or(first[one.Digest], one.Director)
	}
	if d.Summary == (Count{}) {
		return
	}
	risk := ". Risk: " + d.Summary.Risk.String() + "."
	if order := d.order(); order != "" {
		d.legend(t)
		t.Line(Bold.In("Order: "), Plain.In(order))
		t.Line(Bold.In("Plan "+d.digests()+"  "), Plain.In(d.Summary.String()+risk))
		return
	}
	t.Linef("Nothing to do: %s%s", d.Summary, risk)
}

// text shows one director; same names another one whose plan is the same and was shown before.
func (d DirectorDiff) text(t *Text, whole Diff, same string) {
	subject := ""
	if d.Subject != "" {
		subject = fmt.Sprintf("  %q", d.Subject)
	}
	t.Line(Bold.In(d.who()), Plain.In("  "+d.From+" → "+d.To+subject))
	changes := d.changes()
	switch {
	case len(changes) == 0 && len(d.Left) > 0:
		t.Linef("  nothing to change")
	case len(changes) == 0:
		t.Linef("  in sync, nothing to change")
	case same != "":
		t.Linef("  the same %s as %s", plural(len(changes), "change"), same)
	case len(changes) > listed && !whole.Full:
		summarise(t, changes)
	default:
		list(t, changes, whole.Now)
	}
	list(t, d.Left, whole.Now)
	for _, o := range d.Overrides {
		t.Line(Yellow.In("  override "), Plain.In(overrideText(o)))
	}
	for _, x := range openDrains(d.Drains) {
		t.Line(Yellow.In("  draining "), Plain.In(object(spec.ObjectOf(x.Key))+"  "+strings.TrimPrefix(drainText(x), "draining, ")))
	}
	for _, h := range d.Held {
		t.Line(Yellow.In("  held     "), Plain.In(h.Key+": "+h.Why+until(h.Until)))
	}
	for _, f := range d.Foreign {
		t.Line(Dim.In("  foreign  "+object(spec.Object{Kind: f.Kind, Key: f.Key})), Plain.In("  not ours, left alone"))
	}
	t.Linef("")
}

func until(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return ", until " + stamp(at)
}

// list shows drift first, then services with their real servers beneath, then instances with all that belongs to them, then everything
// else.
func list(t *Text, changes []Change, now time.Time) {
	var rows [][]Cell
	heading := ""
	for _, c := range byGroup(changes) {
		if c.Reason != spec.ByDrift && c.group() != "" {
			if heading != c.group() && c.inGroup() {
				rows = append(rows, []Cell{Dim.In("    " + c.heading())})
			}
			heading = c.group()
		}
		for i, detail := range inLines(c.detail()) {
			if i == 0 {
				rows = append(rows, []Cell{c.style().In(mark(c)), Plain.In(detail), Plain.In(c.note(now)), Dim.In(c.Source.String())})
			} else {
				rows = append(rows, []Cell{{}, Plain.In(detail)})
			}
		}
	}
	t.Table("", rows)
}

func mark(c Change) string {
	switch {
	case c.Reason == spec.ByDrift && c.inGroup():
		return fmt.Sprintf("  drift  %c %s of %s", c.Action, c.title(), c.group())
	case c.Reason == spec.ByDrift:
		return fmt.Sprintf("  drift  %c %s", c.Action, c.title())
	case c.inGroup():
		return fmt.Sprintf("  %c   %s", c.Action, c.title())
	}
	return fmt.Sprintf("  %c %s", c.Action, c.title())
}

// byGroup puts drift first, then each service before its real servers, then each instance before what belongs to it; what belongs to
// neither comes last.
func byGroup(changes []Change) []Change {
	rank := func(c Change) int {
		switch {
		case c.Reason == spec.ByDrift:
			return 0
		case c.Kind == spec.KindService || c.Kind == spec.KindRealServer:
			return 1
		case c.group() != "":
			return 2
		}
		return 3
	}
	out := slices.Clone(changes)
	slices.SortStableFunc(out, func(a, b Change) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.service.Compare(b.service), cmp.Compare(len(a.Service), len(b.Service)),
			cmp.Compare(a.instance(), b.instance()), cmp.Compare(len(a.Instance), len(b.Instance)))
	})
	return out
}

// summarise counts the changes of each service and instance.
func summarise(t *Text, changes []Change) {
	counts := map[string]*Count{}
	var order []string
	for _, c := range byGroup(changes) {
		group := cmp.Or(c.group(), c.Key)
		if counts[group] == nil {
			counts[group], order = &Count{}, append(order, group)
		}
		counts[group].add(c)
	}
	var rows [][]Cell
	for _, group := range order[:min(len(order), listed)] {
		rows = append(rows, []Cell{Plain.In(group), Plain.In(counts[group].short())})
	}
	t.Table("    ", rows)
	if rest := len(order) - len(rows); rest > 0 {
		t.Linef("    … and %s more", plural(rest, "object"))
	}
	t.Linef("  %s, counted by service and instance; --full lists them all", plural(len(changes), "change"))
}
