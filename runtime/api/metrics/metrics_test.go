package metrics_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/lbsync/lbsync/runtime/api/metrics"
	"github.com/lbsync/lbsync/spec"
)

var update = flag.Bool("update", false, "write docs/metrics.md and the golden scrapes")

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// full is an agent to which everything has happened.
func full() metrics.Scrape {
	svc := spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.100:6379"))
	ago := func(s time.Duration) time.Time { return now.Add(-s * time.Second) }
	commit := func(id string) spec.Commit { return spec.Commit{ID: id} }
	object := spec.ObjectOf(svc)
	dest := spec.DestKey{Service: svc, Addr: netip.MustParseAddrPort("192.0.2.21:6379")}
	way := spec.MarkService(spec.PathMarks, spec.IPv4) // of checks, which no series has
	tip, trouble := commit("c3"), &spec.Problem{Error: "it does not", Since: ago(5)}
	return metrics.Scrape{Now: now, RealServers: true,
		Status: spec.Status{Director: "lb1", Program: "1.2", Started: ago(1000), Phase: spec.Degraded, Since: ago(50), BlockedOn: &spec.Call{Name: "apply", Since: ago(2)},
			Source:  spec.SourceStatus{Tip: &tip, LastSuccess: ago(90), NextFetch: ago(-30), BehindSince: ago(80), Attempts: 3, Failing: trouble},
			Applied: &spec.CommitAt{Commit: commit("a1"), At: ago(100)}, Attempted: &spec.CommitAt{Commit: commit("b2")}, Refusal: &spec.Refusal{Diagnostics: []spec.Diagnostic{{Severity: "error", Rule: "duplicate-syncid"}, {Severity: "error", Rule: "duplicate-syncid"}, {Severity: "error"}, {Severity: "warning", Rule: "equal-priority"}}},
			Pending: &spec.CommitAt{Commit: commit("d4")}, Trial: &spec.Trial{Until: ago(-20)}, Confirmed: "a0", Reverted: &spec.Reverted{Commit: commit("b1")},
			Peers: []spec.PeerStatus{{Director: "lb2", Answers: true, Commit: "a1", Confirmed: true, Coverage: &spec.Coverage{Sampled: 8, Known: 6}},
				{Director: "lb3", Silent: ago(33), Stays: "pinned", Journal: trouble}},
			Overrides: []spec.OverrideStatus{{Override: spec.Override{Director: "lb2", Key: dest, Weight: 7, Until: ago(-70)}}},
			Resynced:  &spec.Resynced{Connections: 1000, Skipped: 3, Took: 1500 * time.Millisecond, Busy: 1200 * time.Millisecond, At: ago(12), Partial: "it ended"},
			Routine:   &spec.Routine{Next: ago(-48)},
			Pin:       &spec.Pin{}, Suspension: &spec.Suspension{}, Plan: &spec.PlanSummary{Add: 1, Edit: 2, Remove: 3, Drifted: 4, Done: 5, Failed: 1, At: ago(60)},
			Failures: []spec.Failure{{Object: object}}, Holds: make([]spec.Held, 2), Drift: make([]spec.Drift, 3), Flapping: make([]spec.Flap, 4), Repaired: 17,
			Foreign: make([]spec.Object, 5), Kernel: trouble, Disk: trouble, Engine: trouble, Journal: spec.JournalHead{Seq: 99, Failing: trouble, Broken: trouble},
			Channel:  &spec.ChannelStatus{Key: trouble, Listener: trouble, Refusals: map[spec.RefusedFor]uint64{spec.RefusedOldKey: 4, spec.RefusedTooMany: 5}},
			Services: 1, RealServers: 1, VRRP: vrrp(ago), Health: health(ago, svc, dest)},
		Stats: &spec.Stats{
			Services: []spec.ServiceStats{{Key: svc, Counters: spec.Counters{Connections: 7, InPackets: 70, OutPackets: 71, InBytes: 72, OutBytes: 73}}, {Key: way}},
			Dests: []spec.DestStats{{Key: dest, Weight: 3, Active: 4, Inactive: 5, Persistent: 6,
				Counters: spec.Counters{Connections: 8, InPackets: 80, OutPackets: 81, InBytes: 82, OutBytes: 83}}, {Key: spec.DestKey{Service: way}}},
			Daemons: spec.Rows[spec.Role, spec.Daemon]{{Key: spec.RoleBackup, Value: spec.Daemon{SyncID: 11, Interface: "eth0", Group: netip.MustParseAddr("224.0.0.81"), Port: 8848, Detached: true}}},
		},
	}
}

func health(ago func(time.Duration) time.Time, svc spec.ServiceKey, dest spec.DestKey) *spec.HealthStatus {
	other := spec.DestKey{Service: svc, Addr: netip.MustParseAddrPort("192.0.2.22:6379")}
	tcp, delay := spec.Histogram{}, spec.Histogram{}
	for _, ms := range []time.Duration{1, 3, 3, 400, 9000} {
		tcp.Add(ms * time.Millisecond)
	}
	delay.Add(time.Microsecond)
	return &spec.HealthStatus{
		CheckCounts: spec.CheckCounts{Configured: 40, Unique: 38, States: map[string]int{"up": 36, "down": 2}, InFlight: 3, Frozen: "late", FrozenAt: ago(1),
			Kinds: []spec.KindCounts{{Kind: "tcp", OK: 5, Failed: 2, Skipped: 1, Took: tcp}, {Kind: "http"}}, Delay: delay},
		Checked: 41, Brake: &spec.BrakeStatus{},
		Servers:  []spec.ServerHealth{{Key: dest, State: "out"}, {Key: other, State: "held"}},
		Services: []spec.ServiceHealth{{Key: svc, Lost: true, Brake: &spec.BrakeStatus{}}, {Key: spec.MarkService(7, spec.IPv4), Brake: &spec.BrakeStatus{}}},
		Drains:   []spec.Drain{{Key: other, Left: 14}, {Key: dest, Ended: "no connection is left"}},
	}
}

func vrrp(ago func(time.Duration) time.Time) *spec.VRRPStatus {
	peer := netip.MustParseAddr("192.0.2.12")
	return &spec.VRRPStatus{Program: "1.1", Started: ago(500), Scheduler: "rr 1, loop 2", Serial: 12, EventsLost: 1, Problems: []string{"one"},
		Trackers: []spec.TrackerStatus{{Key: `codis track file "/run/drain"`, Known: true}, {Key: "codis track interface eth1"}},
		Instances: []spec.InstanceStatus{{Name: "codis", State: spec.VRRPBackup, Priority: 100, Effective: 80, Interval: time.Second, Learned: 500 * time.Millisecond,
			Master: peer, Since: ago(40), Transitions: 6, Addresses: 3, Held: 2, Foreign: []netip.Addr{peer}, Speakers: make([]spec.Speaker, 2),
			Counters: spec.VRRPCounters{Sent: 21, Received: 22, PriorityZero: 23, PlainSum: 24, PseudoSum: 25, BecameMaster: 26, SendErrors: 27,
				Dropped: map[string]uint64{"ttl": 2, "checksum": 1}, IntervalDiff: 28, AddressesDiff: 29}}}}
}

func written(t *testing.T, s metrics.Scrape) string {
	t.Helper()
	var b bytes.Buffer
	if err := metrics.Write(&b, &s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s, want -, got +; make docs writes it:\n%s", path, d)
	}
}

func TestScrapes(t *testing.T) {
	few, blind := full(), full()
	few.RealServers = false
	blind.Stats = nil
	golden(t, "testdata/full.prom", written(t, full()))
	golden(t, "testdata/few.prom", onlyIn(written(t, full()), written(t, few)))
	golden(t, "testdata/blind.prom", onlyIn(written(t, full()), written(t, blind)))
	golden(t, "testdata/first.prom", written(t, metrics.Scrape{Now: now, Status: spec.Status{Director: "lb1", Program: "1.2", Started: now, Phase: spec.Starting}}))
}

// onlyIn is the lines of a that b has not, behind "-", and the other way round behind "+".
func onlyIn(a, b string) string {
	in := func(text string) map[string]bool {
		out := map[string]bool{}
		for line := range strings.Lines(text) {
			out[line] = true
		}
		return out
	}
	var out strings.Builder
	for _, side := range []struct{ sign, text, other string }{{"-", a, b}, {"+", b, a}} {
		other := in(side.other)
		for line := range strings.Lines(side.text) {
			if !other[line] {
				out.WriteString(side.sign + line)
			}
		}
	}
	return out.String()
}

// TestConventions has Prometheus' own parser read a scrape that has every metric, and its linter judge the names.
func TestConventions(t *testing.T) {
	text := written(t, full())
	reader := expfmt.NewTextParser(model.LegacyValidation)
	families, err := reader.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	seen := map[string]bool{}
	for _, g := range metrics.Groups() {
		for _, d := range g.Spread {
			if families[d.Name] == nil || seen[d.Name] || !strings.HasSuffix(d.Help, ".") {
				t.Errorf("%s is not in the scrape, or a second one, or has help without a full stop", d.Name)
			}
			seen[d.Name] = true
		}
		for _, d := range g.All {
			if seen[d.Name] || !strings.HasPrefix(d.Name, "lbsync_") || !strings.HasSuffix(d.Help, ".") {
				t.Errorf("%s: a second one of the name, another prefix than lbsync_, or help without a full stop: %q", d.Name, d.Help)
			}
			seen[d.Name] = true
			if families[d.Name] == nil {
				t.Errorf("%s is not in the scrape of an agent to which everything has happened", d.Name)
			}
			s := full()
			d.Collect(&s, func(_ float64, labels ...string) {
				if len(labels) != len(d.Labels) {
					t.Errorf("%s has labels %v and a series with %v", d.Name, d.Labels, labels)
				}
			})
		}
	}
}

// TestEveryPhaseIsShown: a phase that is added to spec is one of the states.
func TestEveryPhaseIsShown(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../../spec/status.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || fmt.Sprint(v.Type) != "Activity" {
			return true
		}
		found++
		phase, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		s := metrics.Scrape{Now: now, Status: spec.Status{Phase: spec.Activity(phase)}}
		if err != nil || !strings.Contains(written(t, s), fmt.Sprintf("lbsync_phase{phase=%q} 1\n", phase)) {
			t.Errorf("phase %q is not shown: %v", phase, err)
		}
		return true
	})
	if found < 16 {
		t.Errorf("%d phases in spec/status.go", found)
	}
}

func TestHostileLabels(t *testing.T) {
	s := full()
	s.Status.VRRP.Scheduler = "a\"b\\c\nd"
	if text := written(t, s); !strings.Contains(text, `scheduler="a\"b\\c\nd"`) {
		t.Errorf("not escaped: %s", text)
	}
}

func TestClockSetBack(t *testing.T) {
	s := full()
	s.Now = now.Add(-time.Hour)
	if text := written(t, s); !strings.Contains(text, "\nlbsync_source_behind_seconds 0\n") {
		t.Errorf("an age below 0: %s", text)
	}
}

// TestDocs: docs/metrics.md is made of the tables.
func TestDocs(t *testing.T) {
	var b strings.Builder
	b.WriteString(head)
	for _, g := range metrics.Groups() {
		fmt.Fprintf(&b, "\n## %s\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n", g.Title)
		for _, d := range g.All {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Name, d.Kind, strings.Join(d.Labels, ", "), d.Help)
		}
		for _, d := range g.Spread {
			fmt.Fprintf(&b, "| `%s` | histogram | %s | %s |\n", d.Name, strings.Join(d.Labels, ", "), d.Help)
		}
	}
	golden(t, "../../../docs/metrics.md", b.String())
}

const head = `# Metrics

Generated from the tables in runtime/api/metrics by ` + "`make docs`" + `; a test compares them.

    # /etc/lbsync/agent.hcl
    metrics              = "127.0.0.1:9101" # scraped at http://127.0.0.1:9101/metrics; not written: off
    metrics_real_servers = false            # for large fleets: no series of each real server

The local socket has the same at ` + "`/v1/metrics`" + `, for root: ` + "`curl --unix-socket /run/lbsync/agent.sock http://agent/v1/metrics`" + `. The TCP
port has no authentication and is read only; whoever reaches it sees addresses, counters and commit ids, so keep it on loopback or a
network for monitoring. At most 16 connections are held, and one scrape reads the kernel at a time. A scrape is answered while an apply
runs, while git or the engine is away, and where IPVS cannot be read.

Rules that are worth a page at night:

    lbsync_source_behind_seconds > 900                       # a commit does not arrive
    time() - lbsync_source_last_success_time_seconds > 900   # git does not answer
    max by (part) (lbsync_problem) == 1                      # kernel, disk, engine, journal, key or channel
    lbsync_failures > 0                                      # the kernel does not take a change
    sum by (vrrp_instance) (lbsync_vrrp_state{state="master"}) != 1  # over both directors: nobody is master, or two are
    increase(lbsync_repaired_total[1h]) > 6                  # somebody else writes
    lbsync_journal_broken == 1 or lbsync_peer_journal_broken == 1
    lbsync_reverted == 1                                     # a commit did not hold its probes
    lbsync_services_without_quorum > 0                       # a service has too few real servers, or its sorry server stands in
    lbsync_brake == 1 or lbsync_service_brake == 1           # so many checks fail that they are not believed: look by hand
    lbsync_checks_frozen == 1                                # this host is too late for its checks
    lbsync_peer_silent_seconds > 60                          # changes wait for a director that does not answer
    increase(lbsync_channel_refusals_total{reason=~"old_key|other_key"}[1h]) > 0  # a key was not changed everywhere, or somebody has one
    lbsync_peer_coverage_ratio < 0.9                         # a failover to that director would lose connections
    count by (commit) (lbsync_commit_info{which="applied"})  # more than one line: directors differ
`
