package metrics

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

var activities = []spec.Activity{
	spec.Starting, spec.Loading, spec.Checking, spec.Planning, spec.Applying, spec.Verifying, spec.Observing, spec.Stopping,
	spec.Idle, spec.Waiting, spec.Proving, spec.WentBack, spec.Suspended, spec.Pinned, spec.Refused, spec.Degraded,
}

var agentMetrics = []Definition{
	{"lbsync_build_info", Gauge, "The running agent: always 1.", []string{"version", "director"},
		func(s *Scrape, add Series) { add(1, s.Status.Program, s.Status.Director) }},
	{"lbsync_start_time_seconds", Gauge, "When the agent started, in seconds since 1970.", nil,
		at(func(s *Scrape) time.Time { return s.Status.Started })},
	{"lbsync_phase", Gauge, "What the agent is doing, or at rest what keeps it from following its branch: 1 for that phase, 0 for the others.", []string{"phase"},
		func(s *Scrape, add Series) { states(activities, s.Status.Phase, add) }},
	{"lbsync_phase_start_time_seconds", Gauge, "Since when the phase lasts, in seconds since 1970.", nil,
		at(func(s *Scrape) time.Time { return s.Status.Since })},
	{"lbsync_call_seconds", Gauge, "How long the call that the agent waits for has been running; 0 when it waits for none.", nil, one(callSeconds)},
	{"lbsync_suspended", Gauge, "1 while an operator keeps the agent from writing.", nil,
		one(func(s *Scrape) float64 { return truth(s.Status.Suspension != nil) })},
	{"lbsync_pinned", Gauge, "1 while an operator holds a commit: a pin, or a rollback.", nil,
		one(func(s *Scrape) float64 { return truth(s.Status.Pin != nil) })},
	{"lbsync_refused", Gauge, "1 while the commit that was tried last is refused: invalid, or against a policy.", nil,
		one(func(s *Scrape) float64 { return truth(s.Status.Refusal != nil) })},
	{"lbsync_refused_by", Gauge, "1 for each rule that refuses the commit that was tried last; schema: its HCL has mistakes, or it may not be for another reason.", []string{"rule"}, refusedBy},
	{"lbsync_problem", Gauge, "1 while this part fails: git source, kernel, disk, engine, journal, key (that the fleet declares for this director), channel (nobody can be answered).", []string{"part"}, problems},
	{"lbsync_scrape_counters_readable", Gauge, "1 when the kernel's counters could be read for this scrape; 0: services, real servers and sync daemons are left out.", nil,
		one(func(s *Scrape) float64 { return truth(s.Stats != nil) })},
}

func callSeconds(s *Scrape) float64 {
	if s.Status.BlockedOn == nil {
		return 0
	}
	return age(s, s.Status.BlockedOn.Since)
}

// age is how long ago a moment was; a clock that was set back makes none negative.
func age(s *Scrape, t time.Time) float64 { return max(0, s.Now.Sub(t).Seconds()) }

func problems(s *Scrape, add Series) {
	st, channel := s.Status, spec.ChannelStatus{}
	if st.Channel != nil {
		channel = *st.Channel
	}
	for _, p := range []struct {
		part string
		what *spec.Problem
	}{{"channel", channel.Listener}, {"disk", st.Disk}, {"engine", st.Engine}, {"journal", st.Journal.Failing}, {"kernel", st.Kernel}, {"key", channel.Key}, {"source", st.Source.Failing}} {
		add(truth(p.what != nil), p.part)
	}
}

// refusedBy names each rule once.
func refusedBy(s *Scrape, add Series) {
	if s.Status.Refusal == nil {
		return
	}
	rules := map[string]bool{}
	for _, d := range s.Status.Refusal.Diagnostics {
		if d.Severity == "error" {
			rules[cmp.Or(d.Rule, "schema")] = true
		}
	}
	if len(rules) == 0 {
		rules["schema"] = true // such as a branch that was rewound
	}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		add(1, name)
	}
}
