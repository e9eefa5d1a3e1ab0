package metrics

import (
	"time"

	"github.com/lbsync/lbsync/spec"
)

var ofPeer = []string{"peer"}

var clusterMetrics = []Definition{
	{"lbsync_pending", Gauge, "1 while an accepted commit waits for other directors, or for the end of a freeze.", nil,
		one(func(s *Scrape) float64 { return truth(s.Status.Pending != nil) })},
	{"lbsync_proving", Gauge, "1 while a commit is applied and its probes are awaited.", nil,
		one(func(s *Scrape) float64 { return truth(s.Status.Trial != nil) })},
	{"lbsync_proving_end_time_seconds", Gauge, "When the commit is taken back if its probes do not hold, in seconds since 1970.", nil,
		at(func(s *Scrape) time.Time {
			if s.Status.Trial == nil {
				return time.Time{}
			}
			return s.Status.Trial.Until
		})},
	{"lbsync_reverted", Gauge, "1 while the commit before is held because one was taken back.", nil,
		one(func(s *Scrape) float64 { return truth(s.Status.Reverted != nil) })},
	{"lbsync_peer_answers", Gauge, "1 while the other director answers.", ofPeer,
		ofPeers(func(p spec.PeerStatus, _ *Scrape, add Series) { add(truth(p.Answers), p.Director) })},
	{"lbsync_peer_silent_seconds", Gauge, "How long the other director has not answered; 0 while it does.", ofPeer,
		ofPeers(func(p spec.PeerStatus, s *Scrape, add Series) {
			if p.Silent.IsZero() {
				add(0, p.Director)
				return
			}
			add(age(s, p.Silent), p.Director)
		})},
	{"lbsync_peer_commit_info", Gauge, "The commit that the other director holds, always 1.", []string{"peer", "commit"},
		ofPeers(func(p spec.PeerStatus, _ *Scrape, add Series) {
			if p.Commit != "" {
				add(1, p.Director, p.Commit)
			}
		})},
	{"lbsync_peer_confirmed", Gauge, "1 when that commit is confirmed there.", ofPeer,
		ofPeers(func(p spec.PeerStatus, _ *Scrape, add Series) { add(truth(p.Confirmed), p.Director) })},
	{"lbsync_peer_follows", Gauge, "1 while the other director follows the branch; 0: pinned, suspended, refused or frozen.", ofPeer,
		ofPeers(func(p spec.PeerStatus, _ *Scrape, add Series) { add(truth(p.Stays == ""), p.Director) })},
	{"lbsync_peer_journal_broken", Gauge, "1 when the other director's journal was seen to go back or to be rewritten, until an operator accepts it.", ofPeer,
		ofPeers(func(p spec.PeerStatus, _ *Scrape, add Series) { add(truth(p.Journal != nil), p.Director) })},
	{"lbsync_peer_coverage_ratio", Gauge, "Share of this director's connections that the other one holds, from 0 to 1; left out while it was not sampled.", ofPeer,
		ofPeers(func(p spec.PeerStatus, _ *Scrape, add Series) {
			if p.Coverage != nil && p.Coverage.Uncompared == "" {
				add(p.Coverage.Share(), p.Director)
			}
		})},
	{"lbsync_channel_refusals_total", Counter, "Who was not let in or not answered by the channel, and answers of directors that were not taken, by reason, since the agent started.", []string{"reason"}, refusals},
	{"lbsync_overrides", Gauge, "Overrides of weights that hold here, whichever director they were made on.", nil,
		one(func(s *Scrape) float64 { return float64(len(s.Status.Overrides)) })},
	{"lbsync_override_weight", Gauge, "Weight that an override gives the real server.", []string{"peer", "service", "real_server"},
		ofOverrides(func(o spec.Override) float64 { return float64(o.Weight) })},
	{"lbsync_override_end_time_seconds", Gauge, "When the override ends by itself, in seconds since 1970; peer is where it was made.", []string{"peer", "service", "real_server"},
		ofOverrides(func(o spec.Override) float64 { return stamp(o.Until) })},
	{"lbsync_resync_connections", Gauge, "Connections that the last full resync sent.", nil,
		ofResync(func(r *spec.Resynced) float64 { return float64(r.Connections) })},
	{"lbsync_resync_skipped_connections", Gauge, "Connections that it left out, of kinds or addresses that are not this director's to send.", nil,
		ofResync(func(r *spec.Resynced) float64 { return float64(r.Skipped) })},
	{"lbsync_resync_duration_seconds", Gauge, "How long it took.", nil,
		ofResync(func(r *spec.Resynced) float64 { return r.Took.Seconds() })},
	{"lbsync_resync_busy_seconds", Gauge, "Processor time of its reading and the time of its messages at their pace, which bound how often it comes.", nil,
		ofResync(func(r *spec.Resynced) float64 { return r.Busy.Seconds() })},
	{"lbsync_resync_time_seconds", Gauge, "When it ended, in seconds since 1970.", nil,
		ofResync(func(r *spec.Resynced) float64 { return stamp(r.At) })},
	{"lbsync_resync_next_time_seconds", Gauge, "When the next full resync may come by itself, in seconds since 1970; left out where none will.", nil,
		at(func(s *Scrape) time.Time {
			if r := s.Status.Routine; r != nil && r.Off == "" {
				return r.Next
			}
			return time.Time{}
		})},
	{"lbsync_resync_partial", Gauge, "1 when it did not send all of the table.", nil,
		ofResync(func(r *spec.Resynced) float64 { return truth(r.Partial != "") })},
}

// refusals have every reason, so that a rule sees the first of each.
func refusals(s *Scrape, add Series) {
	if s.Status.Channel == nil {
		return
	}
	for _, kind := range spec.RefusedForAll {
		add(float64(s.Status.Channel.Refusals[kind]), string(kind))
	}
}

func ofPeers(collect func(spec.PeerStatus, *Scrape, Series)) func(*Scrape, Series) {
	return func(s *Scrape, add Series) {
		for _, p := range s.Status.Peers {
			collect(p, s, add)
		}
	}
}

func ofOverrides(value func(spec.Override) float64) func(*Scrape, Series) {
	return func(s *Scrape, add Series) {
		for _, o := range s.Status.Overrides {
			add(value(o.Override), o.Director, o.Key.Service.String(), o.Key.Addr.String())
		}
	}
}

// ofResync has no series before the first one.
func ofResync(value func(*spec.Resynced) float64) func(*Scrape, Series) {
	return func(s *Scrape, add Series) {
		if r := s.Status.Resynced; r != nil {
			add(value(r))
		}
	}
}
