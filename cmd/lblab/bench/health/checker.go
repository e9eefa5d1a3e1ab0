package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/lbsync/lbsync/runtime/health"
	"github.com/lbsync/lbsync/spec"
)

// Measured is what became of a case.
type Measured struct {
	Case     Case          `json:"case"`
	CPU      time.Duration `json:"cpu_ns"` // of the process, while cost was measured
	Lasted   time.Duration `json:"lasted_ns"`
	Bare     time.Duration `json:"bare_ns"` // processor time of a connection without a checker, at that time
	Probes   uint64        `json:"probes"`  // that ended meanwhile
	Failed   uint64        `json:"failed"`  // of these
	Skipped  uint64        `json:"skipped"` // that were not made or did not count
	Idle     int64         `json:"idle_resident_bytes"`
	Resident int64         `json:"resident_bytes"` // the most that was seen
	Late     time.Duration `json:"late_p99_ns"`    // upper bound of the histogram's bucket that has the 99th of 100
	AllBy    time.Duration `json:"all_probed_by_ns"`
	Burst    float64       `json:"burst"` // most begun in a tenth of a second of the first interval, of the mean
	Noticed  time.Duration `json:"noticed_ns"`
	Flying   int           `json:"most_in_flight"`
	Healthy  *Healthy      `json:"healthy,omitempty"` // in an outage of the others; nil: none was measured
}

// Share is the part of one core.
func (m Measured) Share() float64 { return float64(m.CPU) / float64(max(1, m.Lasted)) }

// run runs a case in this process, which has a network namespace of its own. self is lblab.
func (c Case) run(ctx context.Context, self string) (m Measured, err error) {
	m.Case = c
	if err := prepareNamespace(); err != nil {
		return m, err
	}
	servers, err := startServer(ctx, self)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, servers.stop()) }()
	if m.Bare, err = bare(); err != nil {
		return m, err
	}
	r, err := health.New(health.Config{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if m.Idle, err = resident(); err != nil {
		return m, err
	}
	w := &watch{Runner: r, begun: time.Now(), m: &m}
	r.Set(c.checks(), nil)
	if err := w.until(ctx, func(n spec.CheckCounts) bool { return n.States["unknown"] == 0 }); err != nil {
		return m, err
	}
	if err := w.pass(ctx, c.Interval); err != nil {
		return m, err
	}
	if c.Outage != "" {
		return m, w.outage(ctx, servers)
	}
	return m, w.cost(ctx)
}

// watch is a runner that is looked at.
type watch struct {
	*health.Runner
	begun time.Time
	down  int
	m     *Measured
}

// evenness says how the first interval went. The phase of a check is the same in each round, so a later one tells.
func (w *watch) evenness() {
	const parts = 10 // of a second
	c := w.m.Case
	count := make([]int, int(c.Interval*parts/time.Second)+1)
	for _, s := range w.Checks() {
		w.m.AllBy = max(w.m.AllBy, s.Since.Sub(w.begun))
		began := s.Last.Add(-s.Took).Sub(w.begun)
		count[min(int(began%c.Interval*parts/time.Second), len(count)-1)]++
	}
	mean := float64(c.Checks) / c.Interval.Seconds() / parts
	for _, n := range count {
		w.m.Burst = max(w.m.Burst, float64(n)/mean)
	}
}

// cost measures for a while.
func (w *watch) cost(ctx context.Context) error {
	before, cpu, from := w.Counts(), used(), time.Now()
	if err := w.pass(ctx, w.m.Case.Lasting); err != nil {
		return err
	}
	w.m.CPU, w.m.Lasted = used()-cpu, time.Since(from)
	w.m.since(before, w.Counts())
	w.evenness()
	return nil
}

// since takes what was counted between two looks.
func (m *Measured) since(before, after spec.CheckCounts) {
	for i := range after.Kinds {
		a, b := after.Kinds[i], before.Kinds[i]
		m.Failed, m.Skipped = m.Failed+a.Failed-b.Failed, m.Skipped+a.Skipped-b.Skipped
		m.Probes += a.OK - b.OK + a.Failed - b.Failed
	}
	m.Late = p99(before.Delay, after.Delay)
}

// outage has all servers fail, and waits for the last verdict.
func (w *watch) outage(ctx context.Context, servers *server) error {
	healthy := w.healthy()
	w.News()
	before, cpu, from := w.Counts(), used(), time.Now()
	fail := servers.refuse
	if w.m.Case.Outage == Silent {
		fail = silence
	}
	if err := fail(); err != nil {
		return err
	}
	for w.down < w.m.Case.Checks {
		if err := w.look(ctx); err != nil {
			return fmt.Errorf("wait until all are down, %d of %d are: %w", w.down, w.m.Case.Checks, err)
		}
	}
	w.m.Noticed = time.Since(from)
	w.m.CPU, w.m.Lasted = used()-cpu, w.m.Noticed
	w.m.since(before, w.Counts())
	if w.m.Case.Healthy > 0 {
		h := healthyOf(healthy, w.healthy(), w.m.Case.Interval, from.Add(w.m.Noticed))
		w.m.Healthy = &h
	}
	return nil
}

// lookEvery is how often memory and probes in flight are looked at.
const lookEvery = 50 * time.Millisecond

// look waits for news or for a while.
func (w *watch) look(ctx context.Context) error {
	t := time.NewTimer(lookEvery)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.Changed():
		for _, v := range w.News() {
			if v.State == spec.CheckDown && network.Contains(v.Check.Addr.Addr().AsSlice()) {
				w.down++
			}
		}
		return nil
	case <-t.C:
	}
	n, err := resident()
	w.m.Resident, w.m.Flying = max(w.m.Resident, n), max(w.m.Flying, w.Counts().InFlight)
	return err
}

func (w *watch) pass(ctx context.Context, d time.Duration) error {
	end := time.Now().Add(d)
	return w.until(ctx, func(spec.CheckCounts) bool { return !time.Now().Before(end) })
}

func (w *watch) until(ctx context.Context, ok func(spec.CheckCounts) bool) error {
	for {
		n := w.Counts()
		if ok(n) {
			return nil
		}
		if err := w.look(ctx); err != nil {
			return fmt.Errorf("measure, with %v: %w", n.States, err)
		}
	}
}

// p99 is the bound of the bucket with the 99th of 100 of what was added; a duration above all bounds is the last of them.
func p99(before, after spec.Histogram) time.Duration {
	var all, sum uint64
	for i := range after.Counts {
		all += after.Counts[i] - before.Counts[i]
	}
	for i, bound := range spec.CheckBounds {
		if sum += after.Counts[i] - before.Counts[i]; sum*100 >= all*99 {
			return bound
		}
	}
	return spec.CheckBounds[len(spec.CheckBounds)-1]
}
