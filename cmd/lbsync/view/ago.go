package view

import (
	"fmt"
	"time"
)

// ago is a duration as people say it: "14m ago", "3d 4h ago".
func ago(now, then time.Time) string { return span(now.Sub(then)) + " ago" }

// span is a duration with its two largest units.
func span(d time.Duration) string {
	switch d = d.Abs().Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return two(d/time.Minute, "m", d%time.Minute/time.Second, "s")
	case d < 24*time.Hour:
		return two(d/time.Hour, "h", d%time.Hour/time.Minute, "m")
	default:
		return two(d/(24*time.Hour), "d", d%(24*time.Hour)/time.Hour, "h")
	}
}

func two(n time.Duration, unit string, m time.Duration, sub string) string {
	if m == 0 {
		return fmt.Sprintf("%d%s", n, unit)
	}
	return fmt.Sprintf("%d%s %d%s", n, unit, m, sub)
}

// stamp is a time in UTC to the second, as every command shows it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
