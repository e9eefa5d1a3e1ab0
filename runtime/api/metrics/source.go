package metrics

import (
	"time"

	"github.com/lbsync/lbsync/spec"
)

var sourceMetrics = []Definition{
	{"lbsync_commit_info", Gauge, "The commits by id, always 1: applied is what the kernel holds, attempted was tried last, tip is the branch's, pending waits, confirmed held its probes, reverted was taken back.", []string{"which", "commit"}, commits},
	{"lbsync_commit_applied_time_seconds", Gauge, "When the commit that is held was applied, in seconds since 1970.", nil,
		at(func(s *Scrape) time.Time {
			if s.Status.Applied == nil {
				return time.Time{}
			}
			return s.Status.Applied.At
		})},
	{"lbsync_source_behind_seconds", Gauge, "How long the branch's tip has not been what is applied; 0 when it is.", nil, one(behind)},
	{"lbsync_source_fetch_failures", Gauge, "Failed looks at the repository in a row; 0 while it answers.", nil,
		one(func(s *Scrape) float64 { return float64(s.Status.Source.Attempts) })},
	{"lbsync_source_last_success_time_seconds", Gauge, "When the repository last answered, in seconds since 1970.", nil,
		at(func(s *Scrape) time.Time { return s.Status.Source.LastSuccess })},
	{"lbsync_source_next_fetch_time_seconds", Gauge, "When the repository is asked again, in seconds since 1970.", nil,
		at(func(s *Scrape) time.Time { return s.Status.Source.NextFetch })},
}

func commits(s *Scrape, add Series) {
	show := func(which string, c *spec.Commit) {
		if c != nil {
			add(1, which, c.ID)
		}
	}
	if a := s.Status.Applied; a != nil {
		show("applied", &a.Commit)
	}
	if a := s.Status.Attempted; a != nil {
		show("attempted", &a.Commit)
	}
	if p := s.Status.Pending; p != nil {
		show("pending", &p.Commit)
	}
	if id := s.Status.Confirmed; id != "" {
		add(1, "confirmed", id)
	}
	if r := s.Status.Reverted; r != nil {
		show("reverted", &r.Commit)
	}
	show("tip", s.Status.Source.Tip)
}

func behind(s *Scrape) float64 {
	if s.Status.Source.BehindSince.IsZero() {
		return 0
	}
	return age(s, s.Status.Source.BehindSince)
}
