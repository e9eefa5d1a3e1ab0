package metrics

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/lbsync/lbsync/spec"
)

// Scrape is what is shown at one moment.
type Scrape struct {
	Now         time.Time // ages are counted until then
	Status      spec.Status
	Stats       *spec.Stats // nil: the kernel cannot be read, and what comes from it is left out
	RealServers bool        // series of each real server are wanted
}

// Kind is how a value moves.
type Kind uint8

// The kinds. A counter only rises, and begins anew when the process that counts does.
const (
	Gauge Kind = iota
	Counter
)

func (k Kind) String() string { return [...]string{"gauge", "counter"}[k] }

func (k Kind) family() *dto.MetricType {
	if k == Counter {
		return dto.MetricType_COUNTER.Enum()
	}
	return dto.MetricType_GAUGE.Enum()
}

// Series takes one value and the values of the metric's labels, in their order.
type Series func(value float64, labels ...string)

// Definition is one metric. Collect gives its series for a scrape; a metric without any is left out of it.
type Definition struct {
	Name    string
	Kind    Kind
	Help    string // one sentence: meaning, range, and what 0 says
	Labels  []string
	Collect func(*Scrape, Series)
}

// Group is the metrics of one part, in the order in which they are shown.
type Group struct {
	Title  string
	All    []Definition
	Spread []Distribution // shown after them
}

// Groups are all metrics. A new part gets a file with its table, and a line here; docs/metrics.md follows by `make docs`.
func Groups() []Group {
	return []Group{
		{"Agent", agentMetrics, nil},
		{"Source", sourceMetrics, nil},
		{"Cluster", clusterMetrics, nil},
		{"Plan and repair", planMetrics, nil},
		{"Journal", journalMetrics, nil},
		{"Services", serviceMetrics, nil},
		{"Real servers", realServerMetrics, nil},
		{"Health checks and drains", healthMetrics, healthDistributions},
		{"Connection sync", syncMetrics, nil},
		{"VRRP", vrrpMetrics, nil},
		{"VRRP advertisements", advertMetrics, nil},
	}
}

// Format is the media type of what Write writes.
const Format = string(expfmt.FmtText)

// Write writes a scrape in the text format of Prometheus, family by family, so that no more than one is held at a time.
func Write(w io.Writer, s *Scrape) error {
	b := bufio.NewWriterSize(w, 64<<10)
	for _, g := range Groups() {
		for _, d := range g.All {
			if err := put(b, d.family(s)); err != nil {
				return err
			}
		}
		for _, d := range g.Spread {
			if err := put(b, d.family(s)); err != nil {
				return err
			}
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
}

func put(w io.Writer, family *dto.MetricFamily) error {
	if len(family.Metric) == 0 {
		return nil
	}
	if _, err := expfmt.MetricFamilyToText(w, family); err != nil {
		return fmt.Errorf("write metric %s: %w", family.GetName(), err)
	}
	return nil
}

func (d Definition) family(s *Scrape) *dto.MetricFamily {
	out := &dto.MetricFamily{Name: &d.Name, Help: &d.Help, Type: d.Kind.family()}
	d.Collect(s, func(v float64, labels ...string) {
		// Together, as there are hundreds of thousands in a large fleet.
		m := &dto.Metric{Label: make([]*dto.LabelPair, len(labels))}
		pairs := make([]dto.LabelPair, len(labels))
		for i := range labels {
			pairs[i].Name, pairs[i].Value = &d.Labels[i], &labels[i]
			m.Label[i] = &pairs[i]
		}
		if d.Kind == Counter {
			m.Counter = &dto.Counter{Value: &v}
		} else {
			m.Gauge = &dto.Gauge{Value: &v}
		}
		out.Metric = append(out.Metric, m)
	})
	return out
}

// one is a metric with a single series.
func one(value func(*Scrape) float64) func(*Scrape, Series) {
	return func(s *Scrape, add Series) { add(value(s)) }
}

// at is a moment in seconds since 1970; a zero moment has no series.
func at(moment func(*Scrape) time.Time) func(*Scrape, Series) {
	return func(s *Scrape, add Series) {
		if t := moment(s); !t.IsZero() {
			add(stamp(t))
		}
	}
}

func stamp(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// states is a set of which the current one is 1 and all others 0: a rule can name any of them, and none vanishes.
func states[T ~string](all []T, current T, add Series, labels ...string) {
	for _, state := range all {
		add(truth(state == current), append(slices.Clone(labels), string(state))...)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
