package spec

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Active says whether a freeze holds now, and until when without a pause. Times of the day are those of a clock on the wall in the
// freeze's zone: an hour that daylight saving time repeats belongs to the freeze as a whole, and a bound within one that it skips is taken so
// that the freeze is the longer.
func (f Freeze) Active(now time.Time) (until time.Time, ok bool) {
	if !f.Start.IsZero() {
		return f.End, !now.Before(f.Start) && now.Before(f.End)
	}
	loc, err := zone(f.Zone)
	if err != nil {
		// Decoding refuses such a zone; a database that lost it since then must not open the window.
		loc = time.UTC
	}
	until = now
	for range 2 * len(weekdays) { // windows that touch are one
		end := f.end(until.In(loc))
		if !end.After(until) {
			break
		}
		until = end
	}
	return until, until.After(now)
}

// end is when the last of the windows ends that hold at a time; the time itself when none does.
func (f Freeze) end(at time.Time) time.Time {
	end := at
	y, m, d := at.Date()
	for _, back := range []int{1, 0} { // a window is at most a day long, so it began yesterday or today
		day := time.Date(y, m, d-back, 12, 0, 0, 0, time.UTC)
		if len(f.Days) > 0 && !slices.Contains(f.Days, day.Weekday()) {
			continue
		}
		first, _ := onTheWall(day, f.From, at.Location())
		if f.To <= f.From {
			day = day.AddDate(0, 0, 1)
		}
		if _, last := onTheWall(day, f.To, at.Location()); !at.Before(first) && last.After(end) {
			end = last
		}
	}
	return end
}

func (f Freeze) everyDay() bool { return len(f.Days) == 0 || len(f.Days) == len(weekdays) }

// onTheWall is the first and the last time at which clocks of a zone show a time of a day. They differ where clocks are set back; where
// they are set forward past it, they are what the time would have been by the offset after and by that before.
func onTheWall(day time.Time, clock time.Duration, loc *time.Location) (first, last time.Time) {
	y, m, d := day.Date()
	wall := time.Date(y, m, d, 0, int(clock/time.Minute), 0, 0, time.UTC)
	var shown, all []time.Time
	for _, around := range []time.Duration{-fullDay, fullDay} {
		_, offset := wall.Add(around).In(loc).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second).In(loc)
		all = append(all, at)
		if _, now := at.Zone(); now == offset {
			shown = append(shown, at)
		}
	}
	if len(shown) == 0 {
		shown = all
	}
	return slices.MinFunc(shown, time.Time.Compare), slices.MaxFunc(shown, time.Time.Compare)
}

var zones sync.Map // by name: they are read once

// zone is a time zone by its IANA name; "" is UTC. The host's own zone has no name here: all directors freeze at the same time.
func zone(name string) (*time.Location, error) {
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location), nil
	}
	if name == "Local" {
		return nil, fmt.Errorf("zone %q differs between hosts", name)
	}
	loc, err := time.LoadLocation(name)
	if err == nil {
		zones.Store(name, loc)
	}
	return loc, err
}

// Text is the freeze in a few words.
func (f Freeze) Text() string {
	if !f.Start.IsZero() {
		return f.Start.UTC().Format(time.RFC3339) + " to " + f.End.UTC().Format(time.RFC3339)
	}
	days := "every day"
	if !f.everyDay() {
		var names []string
		for _, d := range f.Days {
			names = append(names, weekdays[d])
		}
		days = strings.Join(names, ", ")
	}
	name := f.Zone
	if name == "" {
		name = "UTC"
	}
	return fmt.Sprintf("%s %s to %s %s", days, clockText(f.From), clockText(f.To), name)
}
