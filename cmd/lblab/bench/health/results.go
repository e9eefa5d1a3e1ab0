package health

import (
	"fmt"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/bench"
)

// Results are everything that was measured; durations are nanoseconds.
type Results struct {
	Machine bench.Machine `json:"machine"`
	Command string        `json:"command"`
	Alone   []Measured    `json:"alone"`
	Beside  []Pair        `json:"beside_keepalived,omitempty"`
}

// Pair is one case with both systems, one after the other under the same kernel.
type Pair struct {
	Ours   Measured `json:"lbsync"`
	Theirs Measured `json:"keepalived"`
}

// Figure is something that was asked for, and what came of it.
type Figure struct {
	Work, Asked, Measured string
	Reached               bool
}

// asked of the cost of a case: share of a core, and memory beyond that of the idle process. 0: nothing.
type asked struct {
	share  float64
	memory int64
}

func askedOf(c Case) asked {
	switch {
	case c.Kind == "tcp" && c.Checks == 10_000:
		return asked{0.2, 30e6}
	case c.Kind == "tcp":
		return asked{0.5, 60e6}
	}
	return asked{0.6, 0}
}

const (
	beyondFloor    = 500 * time.Millisecond // that the last verdict may be later than its floor
	answeredWithin = 250 * time.Millisecond // of the last of the first probes
	burstMost      = 2.0                    // that a tenth of a second may have of the mean
	sameWithin     = 100 * time.Millisecond // less is how often one looks, and chance
)

// Figures are judged one by one.
func (r Results) Figures() []Figure {
	var out []Figure
	for _, m := range r.Alone {
		if m.Case.Outage != "" {
			most := m.Case.floor() + beyondFloor
			out = append(out, Figure{m.Case.String() + ": until the last verdict", "≤ " + short(most), short(m.Noticed), m.Noticed <= most})
			if m.Healthy != nil {
				out = append(out, m.Healthy.figure(m.Case))
			}
			continue
		}
		out = append(out, costFigures(m)...)
	}
	for _, p := range r.Beside {
		out = append(out, p.figure())
	}
	return out
}

func (h Healthy) figure(c Case) Figure {
	return Figure{fmt.Sprintf("%s: %s other checks, whose servers answer", c, thousands(c.Healthy)), "all probes made, none failed",
		fmt.Sprintf("%d of %d made, %d skipped, %d failed, p99 %s late", h.Made, h.Due, h.Skipped, h.Failed, short(h.Late)),
		h.Made == h.Due && h.Due > 0 && h.Skipped == 0 && h.Failed == 0}
}

func costFigures(m Measured) []Figure {
	a := askedOf(m.Case)
	out := []Figure{{m.Case.String() + ": processor time, of a core", fmt.Sprintf("< %.1f", a.share), fmt.Sprintf("%.2f", m.Share()), m.Share() < a.share}}
	beyond := m.Resident - m.Idle
	if a.memory > 0 {
		out = append(out, Figure{m.Case.String() + ": memory beyond the idle process", "< " + megabytes(a.memory), megabytes(beyond), beyond < a.memory})
	}
	most := m.Case.Interval + answeredWithin
	return append(out,
		Figure{m.Case.String() + ": failures, and probes that were skipped", "0", fmt.Sprintf("%d and %d of %d", m.Failed, m.Skipped, m.Probes), m.Failed+m.Skipped == 0 && m.Probes > 0},
		Figure{m.Case.String() + ": all probed once after the start", "≤ " + short(most), short(m.AllBy), m.AllBy <= most},
		Figure{m.Case.String() + ": most probes in a tenth of a second, of the mean", fmt.Sprintf("≤ %.0f ×", burstMost), fmt.Sprintf("%.1f ×", m.Burst), m.Burst <= burstMost})
}

func (p Pair) figure() Figure {
	if p.Ours.Case.Outage != "" {
		return Figure{p.Ours.Case.String() + ": until the last verdict", "not later than keepalived by " + short(sameWithin), fmt.Sprintf("%s, keepalived %s", short(p.Ours.Noticed), short(p.Theirs.Noticed)), p.Ours.Noticed <= p.Theirs.Noticed+sameWithin}
	}
	return Figure{p.Ours.Case.String() + ": processor time of a check", "below keepalived", fmt.Sprintf("%s, keepalived %s", short(p.Ours.each()), short(p.Theirs.each())), p.Ours.each() < p.Theirs.each()}
}

// each is the processor time of one probe.
func (m Measured) each() time.Duration { return m.CPU / time.Duration(max(1, m.Probes)) }
