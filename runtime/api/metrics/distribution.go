package metrics

import (
	dto "github.com/prometheus/client_model/go"

	"github.com/lbsync/lbsync/spec"
)

// Spread takes one histogram and the values of the metric's labels, in their order.
type Spread func(h *spec.Histogram, labels ...string)

// Distribution is a metric that counts durations by spec.CheckBounds: a histogram of Prometheus, in seconds.
type Distribution struct {
	Name    string
	Help    string // one sentence
	Labels  []string
	Collect func(*Scrape, Spread)
}

func (d Distribution) family(s *Scrape) *dto.MetricFamily {
	out := &dto.MetricFamily{Name: &d.Name, Help: &d.Help, Type: dto.MetricType_HISTOGRAM.Enum()}
	d.Collect(s, func(h *spec.Histogram, labels ...string) {
		m := &dto.Metric{Histogram: &dto.Histogram{}}
		for i := range labels {
			m.Label = append(m.Label, &dto.LabelPair{Name: &d.Labels[i], Value: &labels[i]})
		}
		sum, upTo := h.Sum.Seconds(), uint64(0)
		for i, n := range h.Counts {
			upTo += n
			if i < len(spec.CheckBounds) {
				bound, so := spec.CheckBounds[i].Seconds(), upTo
				m.Histogram.Bucket = append(m.Histogram.Bucket, &dto.Bucket{UpperBound: &bound, CumulativeCount: &so})
			}
		}
		m.Histogram.SampleCount, m.Histogram.SampleSum = &upTo, &sum
		out.Metric = append(out.Metric, m)
	})
	return out
}
