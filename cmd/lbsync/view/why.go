package view

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// Why is why objects are as they are: where git declares them, what else has a say, and what the journal has of them.
type Why struct {
	Head
	Director string      `json:"director"`
	Now      time.Time   `json:"now"`
	Objects  []WhyObject `json:"objects"`
}

// WhyObject is one service, or one real server in one service.
type WhyObject struct {
	Kind     spec.Kind    `json:"kind"`
	Key      string       `json:"key"`
	Source   *Source      `json:"source,omitempty"` // where it is declared; none: it is not
	Commit   *spec.Commit `json:"commit,omitempty"` // that was applied last, and declares it so
	Declared []spec.Attr  `json:"declared"`         // settings as git has them
	Live     []spec.Attr  `json:"live"`             // settings that the kernel has; none: it is not there
	Because  []Cause      `json:"because"`          // empty: it is just as git has it
	Checks   []CheckRow   `json:"checks"`           // that it has

	Records []journal.Record `json:"records"` // about it, the newest last
}

// Cause is one thing that has a say beside git.
type Cause struct {
	By   string `json:"by"` // override, health, drain, sorry server, quorum, brake, drift or suspension
	Text string `json:"text"`

	style Style
}

// Known are the documents that say why.
type Known struct {
	Snapshot spec.Snapshot
	Status   spec.Status
	Checks   spec.Checks
}

// RealServersAt are the keys of all real servers at an address that are live or wanted, drained or kept out, in order.
func (k Known) RealServersAt(addr string) []spec.DestKey {
	var out []spec.DestKey
	take := func(key spec.DestKey) {
		if key.Addr.String() == addr || key.String() == addr {
			out = append(out, key)
		}
	}
	for _, rows := range []spec.Rows[spec.DestKey, spec.Dest]{k.Snapshot.Live.Dests, wanted(k.Snapshot).Dests, k.Snapshot.Configured} {
		for _, r := range rows {
			take(r.Key)
		}
	}
	slices.SortFunc(out, spec.DestKey.Compare)
	return slices.Compact(out)
}

// NewWhy makes the document of objects.
func NewWhy(k Known, now time.Time, objects ...WhyObject) Why {
	return Why{head("why"), k.Snapshot.Director, now, objects}
}

// WhyRealServer says why a real server is as it is.
func WhyRealServer(k Known, key spec.DestKey, records []journal.Record, now time.Time) WhyObject {
	s := k.Snapshot
	is := standings(s, k.Status.Health)[key]
	w := WhyObject{Kind: key.Kind(), Key: key.String(), Declared: []spec.Attr{}, Live: []spec.Attr{}, Because: []Cause{}, Checks: []CheckRow{}, Records: records}
	live, there := s.Live.Dests.Find(key)
	want, in := wanted(s).Dests.Find(key)
	git, affected := s.Configured.Find(key)
	switch {
	case affected:
		w.declared(git.Pos, &git.Value, s.Applied)
	case in && is.Drain == nil:
		w.declared(want.Pos, &want.Value, s.Applied)
	}
	if there {
		w.Live = live.Value.Attrs()
	}
	w.suspended(k.Status)
	w.Because = append(w.Because, is.causes(k.Status.Health, key, now)...)
	switch {
	case there && in:
		w.drifted(live.Value, want.Value)
	case there:
		w.cause("drift", Magenta, "git does not declare it")
	case in:
		w.cause("drift", Red, "it is wanted, and the kernel has it not")
	}
	for _, c := range k.Checks.Checks {
		if slices.Contains(c.RealServers, key) {
			w.Checks = append(w.Checks, CheckRow{c.Check.String(), c})
		}
	}
	return w
}

func (w *WhyObject) declared(at spec.Pos, v spec.Value, c *spec.Commit) {
	w.Source, w.Declared, w.Commit = sourceOf(at), set(v.Attrs()), c
}

// set leaves out what is not set.
func set(attrs []spec.Attr) []spec.Attr {
	return slices.DeleteFunc(attrs, func(a spec.Attr) bool { return a.Value == "" })
}

func (w *WhyObject) cause(by string, style Style, text string) {
	w.Because = append(w.Because, Cause{by, text, style})
}

func (w *WhyObject) suspended(s spec.Status) {
	if u := s.Suspension; u != nil {
		w.cause("suspension", Yellow, "suspended by "+u.Actor.String()+because(u.Reason)+until(u.Until)+": what follows is not written")
	}
}

func (w *WhyObject) drifted(live, want spec.Value) {
	for _, f := range (spec.Change{Before: want, After: live}).Fields() {
		w.cause("drift", Magenta, f.Name+" "+orNone(f.Before)+" → "+orNone(f.After)+" changed outside git")
	}
}

// causes are an override, which wins, and what checks and drains ask for.
func (s Standing) causes(h *spec.HealthStatus, key spec.DestKey, now time.Time) []Cause {
	var out []Cause
	if o := s.Override; o != nil {
		out = append(out, Cause{"override", fmt.Sprintf("weight %d by %s on %s%s%s", o.Weight, o.Actor, o.Director, because(o.Reason), until(o.Until)), Yellow})
	}
	if s.Health != nil {
		text := serverText(*s.Health, now)
		if s.Override != nil {
			text += "; the override wins"
		}
		out = append(out, Cause{"health", text, cmp.Or(serverStyles[s.Health.State], Yellow)})
		if s.Health.State == "held" {
			out = append(out, brakes(h, key.Service)...)
		}
	}
	if s.Drain != nil {
		out = append(out, Cause{"drain", drainText(*s.Drain) + "; it is removed then", Yellow})
	}
	if s.Sorry {
		out = append(out, Cause{"sorry server", "it stands in for the real servers that git declares", Yellow})
	}
	if s.Replaced {
		out = append(out, Cause{"sorry server", "the sorry server stands in for it, as the service lost its quorum", Yellow})
	}
	return out
}

// brakes are those that act on a service.
func brakes(h *spec.HealthStatus, k spec.ServiceKey) []Cause {
	var out []Cause
	if h.Brake != nil {
		out = append(out, Cause{"brake", brakeText(*h.Brake, "checks"), Yellow})
	}
	for _, s := range h.Services {
		if s.Key == k && s.Brake != nil {
			out = append(out, Cause{"brake", brakeText(*s.Brake, "real servers"), Yellow})
		}
	}
	return out
}

// Text is a paragraph for each object, and its records.
func (w Why) Text(t *Text) {
	for i, o := range w.Objects {
		if i > 0 {
			t.Linef("")
		}
		o.text(t, w)
	}
}

func (w WhyObject) text(t *Text, whole Why) {
	t.Line(Bold.In(whole.Director+": "), Plain.In(object(spec.Object{Kind: w.Kind, Key: w.Key})))
	rows := [][]Cell{cells("git", w.gitText()), cells("kernel", cmp.Or(attrsText(w.Live), "does not have it"))}
	if len(w.Because) == 0 {
		rows = append(rows, []Cell{Plain.In("because"), Green.In("it is as git has it")})
	}
	for i, c := range w.Because {
		title := map[bool]string{true: "because"}[i == 0]
		rows = append(rows, []Cell{Plain.In(title), c.style.In(c.By + ": " + c.Text)})
	}
	for i, c := range w.Checks {
		title := map[bool]string{true: "checks"}[i == 0]
		rows = append(rows, []Cell{Plain.In(title), checkStyles[c.State].In(checkText(c, whole.Now))})
	}
	t.Table("  ", rows)
	t.Linef("")
	if len(w.Records) == 0 {
		t.Linef("  the journal has nothing about it as far back as --since; lbsync audit show --object has all")
		return
	}
	table := [][]Cell{titles("SEQ", "TIME", "EVENT", "COMMIT", "BY", "WHAT", "RESULT")}
	for _, r := range w.Records {
		by := r.Actor
		if r.Event == journal.Step && r.Author != "" {
			by = r.Author // the agent only did what the commit asks for
		}
		table = append(table, []Cell{Plain.In(strconv.FormatUint(r.Seq, 10)), Dim.In(stamp(r.Time)), eventStyles[r.Event].In(r.Event.String()),
			Plain.In(spec.ShortID(r.Commit)), Plain.In(by), Plain.In(what(r)), Plain.In(r.Result)})
	}
	t.Table("  ", table)
}

func (w WhyObject) gitText() string {
	if len(w.Declared) == 0 {
		return "does not declare it"
	}
	text := attrsText(w.Declared)
	if w.Source != nil {
		text = w.Source.String() + ": " + text
	}
	if w.Commit != nil {
		text += fmt.Sprintf("; as of %s %q by %s", w.Commit.Short(), w.Commit.Subject, w.Commit.Author)
	}
	return text
}

func attrsText(attrs []spec.Attr) string {
	text := ""
	for i, a := range set(slices.Clone(attrs)) {
		if i > 0 {
			text += ", "
		}
		text += a.Name + " " + a.Value
	}
	return text
}

// checkText is "tcp 192.0.2.21:80 down, since 3m (…), last 2s ago: connect to …".
func checkText(c CheckRow, now time.Time) string {
	text := c.Name + " " + c.State.String() + since(now, c.Since)
	if !c.Last.IsZero() {
		text += ", last probe " + ago(now, c.Last)
	}
	if p := progressText(c.CheckStatus); p != "" {
		text += ", " + p
	}
	if c.Why != "" {
		text += ": " + c.Why
	}
	return text
}
