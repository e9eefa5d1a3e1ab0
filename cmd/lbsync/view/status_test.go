package view

import (
	"net/netip"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

func fine() spec.Status {
	return spec.Status{
		Version: 1, Director: "lb1", Program: "1.2.3", Started: now.Add(-49 * time.Hour), Phase: spec.Idle, Since: now.Add(-time.Minute),
		Source: spec.SourceStatus{
			URL: "https://git.example.org/fleet.git", Ref: "branch main", Tip: &tip, LastSuccess: now.Add(-20 * time.Second), NextFetch: now.Add(40 * time.Second),
		},
		Applied:  &spec.CommitAt{Commit: tip, At: now.Add(-50 * time.Minute)},
		Journal:  spec.JournalHead{Seq: 42, Hash: "ab"},
		Plan:     &spec.PlanSummary{Commit: tip.ID, Add: 1, Edit: 2, Done: 3, At: now.Add(-50 * time.Minute), Risk: spec.RiskDrains},
		Services: 2, RealServers: 5, Repaired: 1,
	}
}

func TestStatus(t *testing.T) {
	both(t, "status_fine", NewStatus(fine(), now))

	night := fine()
	night.Phase, night.BlockedOn = spec.Degraded, &spec.Call{Name: "fetch", Since: now.Add(-9 * time.Second)}
	night.Source.Failing = &spec.Problem{Call: "list refs", Error: "connection refused", Since: now.Add(-2 * time.Hour)}
	night.Refusal = &spec.Refusal{Commit: spec.Commit{ID: "0123456789", Subject: "Break it"}, At: now.Add(-3 * time.Hour), Reason: "1 error",
		Diagnostics: []spec.Diagnostic{{Severity: "error", Summary: "duplicate-syncid: used twice", Pos: at(12),
			Detail: "Backups of either cluster would accept the connections of the other. Give one of the two a free syncid, or another group or port.", Line: "syncid = 11",
			Rule: "duplicate-syncid", Level: "deny", Meaning: "A syncid is used once on a segment."}}}
	night.Suspension = &spec.Suspension{Actor: spec.Actor{UID: 0, Login: "ann"}, Reason: "maintenance", At: now.Add(-time.Hour), Until: now.Add(time.Hour)}
	night.Source.Tip = &spec.Commit{ID: "89abcdef01", Subject: "More"}
	night.Failures = []spec.Failure{{Object: spec.ObjectOf(spec.RoleBackup), Action: spec.Add, Error: "add sync daemon backup: no eth9\nask the kernel: no such device", Since: now.Add(-time.Minute)}, {Object: spec.ObjectOf(codis), Action: spec.Add, Error: "add service tcp 192.0.2.100:6379: no such file", Since: now.Add(-time.Minute)}}
	night.Pin = &spec.Pin{Commit: tip, Rollback: true, Actor: spec.Actor{UID: 0, Login: "ann"}, Reason: "slow", At: now.Add(-time.Hour)}
	night.Holds = []spec.Held{{Object: spec.ObjectOf(web), Why: "no role yet"}}
	night.Drift = []spec.Drift{{Object: spec.ObjectOf(codis), Action: spec.Edit, Fields: []spec.Field{{Name: "scheduler", Before: "rr", After: "wrr"}}, FirstSeen: now.Add(-14 * time.Minute)}}
	night.Flapping = []spec.Flap{{Object: spec.ObjectOf(codis), Repairs: 7, First: now.Add(-59 * time.Minute), Last: now.Add(-20 * time.Second)}}
	night.Foreign = []spec.Object{spec.ObjectOf(spec.MarkService(7, spec.IPv4))}
	both(t, "status_night", NewStatus(night, now))
}

// What a commit waits for, what was taken back and what the other directors hold.
func TestStatusOfTheCluster(t *testing.T) {
	next := spec.Commit{ID: "9f3c2a1aa", Subject: "web: add rs .23"}
	s := fine()
	s.Source.Tip = &next
	s.Pending = &spec.CommitAt{Commit: next, At: now.Add(-9 * time.Second)}
	s.Holds = []spec.Held{{Object: spec.ObjectOf(codis), Why: "lb2 has applied it, its probes are still awaited", More: 2}}
	s.Peers = []spec.PeerStatus{
		{Director: "lb2", Answers: true, Commit: next.ID, Coverage: &spec.Coverage{Total: 182331, Sampled: 4096, Known: 4095}},
		{Director: "lb3", Silent: now.Add(-time.Hour), Why: "connection refused", Commit: tip.ID, Confirmed: true},
	}
	s.Resynced = &spec.Resynced{Connections: 182331, Messages: 4559, Took: 800 * time.Millisecond, At: now.Add(-12 * time.Second)}
	s.Routine = &spec.Routine{Next: now.Add(28 * time.Second)}
	s.Strangers = []spec.SyncSpeaker{{Addr: netip.MustParseAddr("192.0.2.99"), Interface: "eth0", Group: netip.MustParseAddr("224.0.0.81"), Port: 8848, SyncID: 11, Last: now.Add(-2 * time.Second)}}
	both(t, "status_waiting", NewStatus(s, now))

	s = fine()
	s.Source.Tip = &next
	s.Reverted = &spec.Reverted{Commit: next, Before: tip, At: now.Add(-time.Minute), Unmet: []spec.Unmet{
		{Probe: "one master", Object: "codis_6379", Before: "backup, master: lb1", Now: "fault, master: none"}, {Probe: "git", Before: "answers", Now: "does not answer"}}}
	s.Trial = &spec.Trial{Commit: tip, Before: tip, Began: now.Add(-time.Second), Until: now.Add(9 * time.Second),
		Unjudged: &spec.Unjudged{Checks: 40, Some: []string{"tcp 192.0.2.21:80", "tcp 192.0.2.22:80", "tcp 192.0.2.23:80"}, Takes: 18 * time.Second}}
	s.Resynced = &spec.Resynced{At: now.Add(-time.Minute), Partial: "the connection table is too large to be read: 400000 connections would take about 8m0s on Linux 6.1.0, and 30s is the most"}
	s.Routine = &spec.Routine{Next: now.Add(9 * time.Minute), Off: s.Resynced.Partial}
	both(t, "status_reverted", NewStatus(s, now))
}

// Strangers who were turned away change no verdict; what is wrong with the own key or port does.
func TestStatusOfTheChannel(t *testing.T) {
	lb9 := netip.MustParseAddr("192.0.2.9")
	s := fine()
	s.Channel = &spec.ChannelStatus{Address: "[::]:7946", Refusals: map[spec.RefusedFor]uint64{spec.RefusedOldKey: 40, spec.RefusedUnknownKey: 6}, Refused: []spec.PeerRefusal{
		{For: spec.RefusedOldKey, Who: "director lb2", Address: lb9, Key: "ed25519:AAAA", Why: "the fleet no longer declares this key", Last: now.Add(-2 * time.Second), Count: 40},
		{For: spec.RefusedUnknownKey, Address: lb9, Key: "ed25519:BBBB", Why: "the fleet declares it for nobody", Last: now.Add(-time.Minute), Count: 1},
		{For: spec.RefusedOtherKey, Who: "director lb3", Why: "it has another key than the fleet declares", Last: now.Add(-time.Hour), Count: 3},
	}}
	for range 4 {
		s.Channel.Refused = append(s.Channel.Refused, spec.PeerRefusal{For: spec.RefusedHandshake, Address: lb9, Why: "no handshake within 5s", Last: now.Add(-2 * time.Hour), Count: 2})
	}
	both(t, "status_refused", NewStatus(s, now))

	s.Channel = &spec.ChannelStatus{
		Key:      &spec.Problem{Error: "the fleet declares the key ed25519:AAAA for this director, which has none", Since: now.Add(-time.Minute)},
		Listener: &spec.Problem{Error: "listen for other directors and operators on [::]:7946: address already in use", Since: now.Add(-time.Hour)},
	}
	both(t, "status_keyless", NewStatus(s, now))
}

// Each kind of trouble has its word, and the worst of several stands first.
func TestHealth(t *testing.T) {
	other := spec.Commit{ID: "ffff"}
	for _, c := range []struct {
		want   Health
		change func(*spec.Status)
	}{
		{Fine, func(*spec.Status) {}},
		{Failing, func(s *spec.Status) { s.Kernel = &spec.Problem{Error: "no ip_vs"} }},
		{Failing, func(s *spec.Status) { s.Journal.Failing = &spec.Problem{Error: "disk full"} }},
		{Failing, func(s *spec.Status) { s.Source.Failing = &spec.Problem{}; s.Refusal = &spec.Refusal{} }},
		{Refused, func(s *spec.Status) { s.Refusal = &spec.Refusal{}; s.Source.Tip = &other; s.Pin = &spec.Pin{} }},
		{Invalid, func(s *spec.Status) { s.Refusal = &spec.Refusal{Invalid: true}; s.Source.Tip = &other }},
		{Held, func(s *spec.Status) { s.Pin = &spec.Pin{Rollback: true}; s.Source.Tip = &other }},
		{Held, func(s *spec.Status) { s.Suspension = &spec.Suspension{}; s.Drift = []spec.Drift{{}} }},
		{Behind, func(s *spec.Status) { s.Source.Tip = &other }},
		{Reverted, func(s *spec.Status) { s.Source.Tip = &other; s.Reverted = &spec.Reverted{Commit: other} }},
		{Behind, func(s *spec.Status) {
			s.Source.Tip = &other
			s.Reverted = &spec.Reverted{Commit: spec.Commit{ID: "eeee"}}
		}},
		{Held, func(s *spec.Status) {
			s.Source.Tip, s.Pending = &other, &spec.CommitAt{Commit: other}
			s.Holds = []spec.Held{{Why: "a freeze"}}
		}},
		{Drifted, func(s *spec.Status) { s.Drift = []spec.Drift{{}} }},
		{Drifted, func(s *spec.Status) { s.Flapping = []spec.Flap{{}} }},
		{Failing, func(s *spec.Status) {
			s.Peers = []spec.PeerStatus{{Director: "lb2", Journal: &spec.Problem{Error: "it went back"}}}
		}},
		{Fine, func(s *spec.Status) {
			s.Health = &spec.HealthStatus{Servers: []spec.ServerHealth{{State: "out"}}, Drains: []spec.Drain{{}}}
		}},
		{Impaired, func(s *spec.Status) {
			s.Health = &spec.HealthStatus{Services: []spec.ServiceHealth{{Lost: true}}}
			s.Refusal = &spec.Refusal{}
		}},
		{Impaired, func(s *spec.Status) {
			s.Health = &spec.HealthStatus{Services: []spec.ServiceHealth{{Brake: &spec.BrakeStatus{}}}}
		}},
		{Impaired, func(s *spec.Status) { s.Health = &spec.HealthStatus{Brake: &spec.BrakeStatus{}} }},
		{Impaired, func(s *spec.Status) {
			s.Health = &spec.HealthStatus{CheckCounts: spec.CheckCounts{Frozen: "late"}}
		}},
		{NotStarted, func(s *spec.Status) { s.Applied = nil }},
	} {
		s := fine()
		c.change(&s)
		if got := NewStatus(s, now).Health; got != c.want {
			t.Errorf("health is %q, want %q, for %+v", got, c.want, s)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 59 * time.Second: "59s", time.Minute: "1m", 61 * time.Second: "1m 1s", time.Hour + 2*time.Minute: "1h 2m", 49 * time.Hour: "2d 1h",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %q, want %q", d, got, want)
		}
	}
}
