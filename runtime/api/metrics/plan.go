package metrics

import (
	"github.com/lbsync/lbsync/spec"
)

var planMetrics = []Definition{
	{"lbsync_plan_changes", Gauge, "Changes of the last plan that had something to do, by action.", []string{"action"}, ofPlan(func(p *spec.PlanSummary, add Series) {
		add(float64(p.Add), "add")
		add(float64(p.Edit), "change")
		add(float64(p.Remove), "remove")
	})},
	{"lbsync_plan_drift_changes", Gauge, "How many changes of that plan repair drift.", nil,
		ofPlan(func(p *spec.PlanSummary, add Series) { add(float64(p.Drifted)) })},
	{"lbsync_plan_done_changes", Gauge, "How many changes of that plan were made.", nil,
		ofPlan(func(p *spec.PlanSummary, add Series) { add(float64(p.Done)) })},
	{"lbsync_plan_failed_changes", Gauge, "How many changes of that plan failed.", nil,
		ofPlan(func(p *spec.PlanSummary, add Series) { add(float64(p.Failed)) })},
	{"lbsync_plan_time_seconds", Gauge, "When that plan was made, in seconds since 1970.", nil,
		ofPlan(func(p *spec.PlanSummary, add Series) { add(stamp(p.At)) })},
	{"lbsync_failures", Gauge, "Changes that kernel or engine did not take, and that are tried again.", nil,
		one(func(s *Scrape) float64 { return float64(len(s.Status.Failures)) })},
	{"lbsync_holds", Gauge, "Changes that wait for something.", nil,
		one(func(s *Scrape) float64 { return float64(len(s.Status.Holds)) })},
	{"lbsync_drift_objects", Gauge, "Objects that differ now from what was applied.", nil,
		one(func(s *Scrape) float64 { return float64(len(s.Status.Drift)) })},
	{"lbsync_flapping_objects", Gauge, "Objects that are changed outside git again and again.", nil,
		one(func(s *Scrape) float64 { return float64(len(s.Status.Flapping)) })},
	{"lbsync_foreign_objects", Gauge, "Live objects that are not lbsync's, and are left alone.", nil,
		one(func(s *Scrape) float64 { return float64(len(s.Status.Foreign)) })},
	{"lbsync_repaired_total", Counter, "Drifted objects put right since the agent started.", nil,
		one(func(s *Scrape) float64 { return float64(s.Status.Repaired) })},
}

// ofPlan has no series before the first plan.
func ofPlan(collect func(*spec.PlanSummary, Series)) func(*Scrape, Series) {
	return func(s *Scrape, add Series) {
		if p := s.Status.Plan; p != nil {
			collect(p, add)
		}
	}
}
