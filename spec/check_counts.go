package spec

import "time"

// CheckCounts are what the checks of a director cost and come to.
type CheckCounts struct {
	Configured int            `json:"configured"`       // checks of real servers
	Unique     int            `json:"unique"`           // of these that are run: identical ones once
	States     map[string]int `json:"states"`           // unique checks by state
	InFlight   int            `json:"in_flight"`        // probes under way
	Frozen     string         `json:"frozen,omitempty"` // why no failure counts now: this host is late itself
	FrozenAt   time.Time      `json:"frozen_since,omitzero"`
	Kinds      []KindCounts   `json:"kinds,omitempty"` // by kind, in order
	Delay      Histogram      `json:"delay"`           // how late probes began
}

// KindCounts are the probes of one kind since the agent started.
type KindCounts struct {
	Kind    string    `json:"kind"`
	OK      uint64    `json:"ok"`
	Failed  uint64    `json:"failed"`
	Skipped uint64    `json:"skipped"` // not made, or not counted: this host was late or lacked something
	Took    Histogram `json:"took"`    // of those that succeeded
}

// Histogram counts durations by CheckBounds.
type Histogram struct {
	Counts [len(CheckBounds) + 1]uint64 `json:"counts"` // of those up to each bound and above the one before; the last: above all
	Sum    time.Duration                `json:"sum"`
}

// CheckBounds are the upper bounds of a Histogram.
var CheckBounds = [...]time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second,
}

// Add counts a duration.
func (h *Histogram) Add(d time.Duration) {
	i := 0
	for i < len(CheckBounds) && d > CheckBounds[i] {
		i++
	}
	h.Counts[i]++
	h.Sum += d
}

// Merge adds what another histogram counted.
func (h *Histogram) Merge(other Histogram) {
	for i, n := range other.Counts {
		h.Counts[i] += n
	}
	h.Sum += other.Sum
}
