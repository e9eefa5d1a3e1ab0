package health

import (
	"fmt"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Case is a number of checks that are run for a while, after which their servers may fail all at once.
type Case struct {
	Kind     string        `json:"kind"`
	Checks   int           `json:"checks"`
	Interval time.Duration `json:"interval_ns"`
	Timeout  time.Duration `json:"timeout_ns"`
	Outage   Outage        `json:"outage,omitempty"`
	Healthy  int           `json:"healthy,omitempty"` // more checks, of servers that go on answering in the outage
	Lasting  time.Duration `json:"lasting_ns"`        // how long cost is measured
}

// Outage is how all servers fail, but those that stay healthy.
type Outage string

// The outages.
const (
	Refusing Outage = "refusing" // nothing listens any more
	Silent   Outage = "silent"   // all packets are lost
)

// cases are those of lbsync alone.
func cases(lasting time.Duration) []Case {
	const second, healthy = time.Second, 1000
	return []Case{
		{"tcp", 10_000, 3 * second, second, "", 0, lasting},
		{"tcp", 50_000, 5 * second, second, "", 0, lasting},
		{"http", 50_000, 5 * second, second, "", 0, lasting},
		{"tcp", 10_000, 3 * second, second, Refusing, healthy, 0},
		{"tcp", 10_000, 3 * second, second, Silent, healthy, 0},
		{"tcp", 50_000, 5 * second, second, Silent, healthy, 0},
	}
}

// String is "10,000 tcp every 3s, silent".
func (c Case) String() string {
	text := fmt.Sprintf("%s %s every %s", thousands(c.Checks), c.Kind, c.Interval)
	if c.Outage != "" {
		text += ", " + string(c.Outage)
	}
	return text
}

// floor is how long the last of all verdicts takes at least: its server fails right after a probe.
func (c Case) floor() time.Duration {
	if c.Outage == Silent {
		return c.Interval + c.Timeout
	}
	return c.Interval
}

func thousands(n int) string {
	text := fmt.Sprint(n)
	var parts []string
	for len(text) > 3 {
		parts, text = append([]string{text[len(text)-3:]}, parts...), text[:len(text)-3]
	}
	return strings.Join(append([]string{text}, parts...), ",")
}

// checks are those of the case: a server each, those that stay healthy last.
func (c Case) checks() []spec.Check {
	out := make([]spec.Check, c.Checks+c.Healthy)
	for i := range out {
		at := address(i)
		if i >= c.Checks {
			at = healthyAddress(i - c.Checks)
		}
		out[i] = spec.Check{Kind: c.Kind, Addr: at, Interval: c.Interval, Timeout: c.Timeout, FastInterval: c.Interval, DownInterval: c.Interval, Jitter: c.Interval, Rise: 1, Fall: 1}
		if c.Kind == "http" {
			out[i].Settings = "path=%2Fhealth"
		}
	}
	return out
}
