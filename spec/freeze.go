package spec

import (
	"fmt"
	"time"

	// A director without a time zone database, such as a small container, knows the zones all the same.
	_ "time/tzdata"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// fullDay is midnight at the end of a day, since that at its begin.
const fullDay = 24 * time.Hour

// freezeDraft is a freeze with its times as they are written.
type freezeDraft struct {
	Freeze
	from, to, start, end string
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} // as time.Weekday counts

var freezeBlock = schema.New(schema.Block[freezeDraft]{
	Name: "freeze",
	Doc:  "A time in which no commit is applied: each week (from, to, days), or once (start, end). Drift is repaired all the same, and rollback works.",
	Label: &schema.Field[freezeDraft]{Attr: schema.Attr{Name: "NAME", MaxLen: 64, Doc: "Name of the freeze, once in the cluster"},
		Set: func(f *freezeDraft, v schema.Value) { f.Name, f.At = v.Str, Mark(v.At) }},
	Attrs: []schema.Field[freezeDraft]{
		{Attr: schema.Attr{Name: "days", Kind: schema.Word, Words: weekdays, List: true, Doc: "Days of the week on which it begins; every day if not written"},
			Set: func(f *freezeDraft, v schema.Value) { f.Days = days(v) }},
		{Attr: schema.Attr{Name: "from", Doc: "Time of the day at which it begins, \"22:00\""},
			Set: func(f *freezeDraft, v schema.Value) { f.from = v.Str }},
		{Attr: schema.Attr{Name: "to", Doc: "Time of the day at which it ends, on the next day if it is not after from; \"24:00\" is midnight"},
			Set: func(f *freezeDraft, v schema.Value) { f.to = v.Str }},
		{Attr: schema.Attr{Name: "zone", MaxLen: 64, Doc: "Time zone of from and to by its IANA name, \"Europe/Berlin\"; UTC if not written"},
			Set: func(f *freezeDraft, v schema.Value) { f.Zone = v.Str }},
		{Attr: schema.Attr{Name: "start", Doc: "When it begins, with date and offset as in RFC 3339: \"2026-12-24T00:00:00Z\""},
			Set: func(f *freezeDraft, v schema.Value) { f.start = v.Str }},
		{Attr: schema.Attr{Name: "end", Doc: "When it ends, written like start"},
			Set: func(f *freezeDraft, v schema.Value) { f.end = v.Str }},
		{Attr: schema.Attr{Name: "reason", MaxLen: 256, Doc: "Why, for those who wait"},
			Set: func(f *freezeDraft, v schema.Value) { f.Reason = v.Str }},
	},
	Check: checkFreeze,
})

func days(v schema.Value) []time.Weekday {
	var out []time.Weekday
	for _, e := range v.List {
		for i, name := range weekdays {
			if name == e.Str {
				out = append(out, time.Weekday(i))
			}
		}
	}
	return out
}

// addFreeze keeps the names of a cluster's freezes apart.
func addFreeze(d *schema.Decoder, c *shell, f *freezeDraft, in *schema.Instance) {
	for _, x := range c.Freezes {
		if x.Name == f.Name {
			d.Error(in.Header, "Second freeze "+f.Name, fmt.Sprintf("The cluster has a freeze %q already, in line %d: give one another name.", f.Name, d.Line(schema.Mark(x.At))))
		}
	}
	c.Freezes = append(c.Freezes, f.Freeze)
}

func checkFreeze(d *schema.Decoder, in *schema.Instance, f *freezeDraft) {
	weekly, once := in.Has("from") || in.Has("to") || in.Has("days") || in.Has("zone"), in.Has("start") || in.Has("end")
	switch {
	case weekly && once:
		d.Error(in.Header, "Two kinds of freeze", "A freeze is each week (days, from, to, zone) or once (start, end): make it two.")
	case once:
		f.checkOnce(d, in)
	case !in.Has("from") || !in.Has("to"):
		d.Error(in.Header, "Freeze without a time", "A freeze needs its times: write from = \"22:00\" and to = \"06:00\", with days and zone where these matter, or start and end.")
	default:
		f.checkWeekly(d, in)
	}
}

func (f *freezeDraft) checkOnce(d *schema.Decoder, in *schema.Instance) {
	read := func(name, text string) (t time.Time, ok bool) {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			d.Error(in.At(name), "Not a time", fmt.Sprintf("%s %q is not a time: write date, time and offset, \"2026-12-24T00:00:00Z\" or \"2026-12-24T00:00:00+01:00\".", name, text))
		}
		return t.UTC(), err == nil
	}
	if !in.Has("start") || !in.Has("end") {
		d.Error(in.Header, "Freeze without a time", "A freeze that is once needs both start and end: write the other one.")
		return
	}
	var okStart, okEnd bool
	f.Start, okStart = read("start", f.start)
	f.End, okEnd = read("end", f.end)
	if okStart && okEnd && !f.Start.Before(f.End) {
		d.Error(in.At("end"), "Freeze ends before it begins", "end is not after start: correct one of the two.")
	}
}

func (f *freezeDraft) checkWeekly(d *schema.Decoder, in *schema.Instance) {
	read := func(name, text string, lo, hi time.Duration) (time.Duration, bool) {
		t, ok := clock(text)
		if ok = ok && lo <= t && t <= hi; !ok {
			d.Error(in.At(name), "Not a time of the day", fmt.Sprintf("%s %q is not a time of the day: write hours and minutes, from \"%s\" to \"%s\".", name, text, clockText(lo), clockText(hi)))
		}
		return t, ok
	}
	var okFrom, okTo bool
	f.From, okFrom = read("from", f.from, 0, fullDay-time.Minute)
	f.To, okTo = read("to", f.to, 0, fullDay)
	if okFrom && okTo && f.From == f.To {
		d.Error(in.At("to"), "Freeze of no length", fmt.Sprintf("from and to are the same: for a whole day write from = \"00:00\" and to = \"24:00\", for a day from %s on two freezes.", f.from))
	}
	if okFrom && okTo && f.From == 0 && f.To == fullDay && f.everyDay() {
		d.Error(in.Header, "Freeze without an end", "This freeze is always: write days, other times, or once start and end.")
	}
	for i, x := range f.Days {
		for _, y := range f.Days[:i] {
			if x == y {
				d.Error(in.At("days"), "Day listed twice", fmt.Sprintf("%q stands twice in days: remove one.", weekdays[x]))
			}
		}
	}
	if _, err := zone(f.Zone); err != nil {
		d.Error(in.At("zone"), "Unknown time zone", fmt.Sprintf("There is no time zone %q: write its IANA name, such as \"Europe/Berlin\", \"America/New_York\" or \"UTC\".", f.Zone))
	}
}

// clock reads "HH:MM".
func clock(text string) (time.Duration, bool) {
	if text == "24:00" {
		return fullDay, true
	}
	t, err := time.Parse("15:04", text)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err == nil && len(text) == len("15:04")
}

func clockText(t time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(t.Hours()), int(t.Minutes())%60)
}
