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
}

// Share is the part of one core.
func (m Measured) Share() float64 { return float64(m.CPU) / float64(max(1, m.Lasted)) }

// Run runs a case in this process, which has a network namespace of its own. self is lblab.
func (c Case) Run(ctx context.Context, self string) (m Measured, err error) {
	m.Case = c
	if err := prepareNamespace(); err != nil {
		return m, err
	}
	servers, err := startServer(ctx, self)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, servers.stop()) }()
	r, err := health.New(health.Config{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	w := &watch{Runner: r, begun: time.Now(), resident: &m.Resident, flying: &m.Flying}
	if m.Idle, err = resident(); err != nil {
		return m, err
	}
	w.begun = time.Now()
	r.Set(c.checks(), nil)
	if err := w.start(ctx, &m); err != nil {
		return m, err
	}
	if c.Outage != "" {
		return m, w.outage(ctx, servers, &m)
	}
	return m, w.cost(ctx, &m)
}

// watch is a runner that is looked at.
type watch struct {
	*health.Runner
	begun    time.Time
	down     int
	resident *int64
	flying   *int
}

// start waits until all were probed and says how evenly they began.
func (w *watch) start(ctx context.Context, m *Measured) error {
	if err := w.until(ctx, func(n spec.CheckCounts) bool { return n.States["up"] == m.Case.Checks }); err != nil {
		return err
	}
	const parts = 10 // of a second
	count := make([]int, int(m.Case.Interval*parts/time.Second)+1)
	for _, s := range w.Checks() {
		// The phase is the same in each round.
		began := s.Last.Add(-s.Took).Sub(w.begun)
		m.AllBy = max(m.AllBy, s.Since.Sub(w.begun))
		count[min(int(began%m.Case.Interval*parts/time.Second), len(count)-1)]++
	}
	mean := float64(m.Case.Checks) / m.Case.Interval.Seconds() / parts
	for _, n := range count {
		m.Burst = max(m.Burst, float64(n)/mean)
	}
	return nil
}

// cost measures for a while, when all was probed once more.
func (w *watch) cost(ctx context.Context, m *Measured) error {
	if err := w.pass(ctx, m.Case.Interval); err != nil {
		return err
	}
	before, cpu, from := w.Counts(), used(), time.Now()
	if err := w.pass(ctx, m.Case.Lasting); err != nil {
		return err
	}
	after := w.Counts()
	m.CPU, m.Lasted = used()-cpu, time.Since(from)
	m.since(before, after)
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
func (w *watch) outage(ctx context.Context, servers *server, m *Measured) error {
	if err := w.pass(ctx, m.Case.Interval); err != nil {
		return err
	}
	w.News()
	before, cpu, from := w.Counts(), used(), time.Now()
	fail := servers.refuse
	if m.Case.Outage == Silent {
		fail = silence
	}
	if err := fail(); err != nil {
		return err
	}
	for w.down < m.Case.Checks {
		if err := w.look(ctx); err != nil {
			return fmt.Errorf("wait until all are down, %d of %d are: %w", w.down, m.Case.Checks, err)
		}
	}
	m.Noticed = time.Since(from)
	m.CPU, m.Lasted = used()-cpu, m.Noticed
	m.since(before, w.Counts())
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
			if v.State == spec.CheckDown {
				w.down++
			}
		}
		return nil
	case <-t.C:
	}
	n, err := resident()
	*w.resident, *w.flying = max(*w.resident, n), max(*w.flying, w.Counts().InFlight)
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
