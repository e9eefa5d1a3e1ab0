package view

import (
	"net/netip"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

func sample() (spec.Snapshot, spec.Stats) {
	prior := state(spec.Rows[spec.ServiceKey, spec.Service]{service(codis, "wrr", 20), service(web, "mh", 50)},
		spec.Rows[spec.DestKey, spec.Dest]{dest(codis, "192.0.2.21:6379", 3, 33), dest(codis, "192.0.2.22:6379", 1, 36)}, 10)
	prior.Sysctls = spec.Rows[spec.SysctlKey, spec.Setting]{{Key: "net.ipv4.vs.sync_threshold", Value: "3 50", Pos: at(14)}}
	prior.Timeouts = spec.Rows[spec.TimeoutKey, spec.Seconds]{{Key: spec.TimeoutTCP, Value: 600, Pos: at(15)}}
	live := state(spec.Rows[spec.ServiceKey, spec.Service]{service(codis, "rr", 0), service(spec.MarkService(7, spec.IPv4), "sh", 0)},
		spec.Rows[spec.DestKey, spec.Dest]{dest(codis, "192.0.2.21:6379", 3, 0)}, 10)
	live.Services[0].Value.Persistence, live.Services[0].Value.Netmask = 300, 32
	live.Sysctls = spec.Rows[spec.SysctlKey, spec.Setting]{{Key: "net.ipv4.vs.conntrack", Value: "0"}, {Key: "net.ipv4.vs.sync_threshold", Value: "0 1"}}
	live.Timeouts = spec.Rows[spec.TimeoutKey, spec.Seconds]{{Key: spec.TimeoutTCP, Value: 600}, {Key: spec.TimeoutUDP, Value: 300}}
	facts := spec.HostFacts{Taken: now, Ports: map[string]spec.PortFact{"eth0": {Up: true, Prefixes: []netip.Prefix{netip.MustParsePrefix("192.0.2.11/24")}}},
		Roles: map[string]spec.Role{"codis_6379": spec.RoleMaster}, Strangers: []spec.SyncSpeaker{}}
	return spec.Snapshot{Version: 1, Director: "lb1", Taken: now, Applied: &tip, Live: live, Prior: &prior, Facts: &facts}, spec.Stats{
		Version: 1, Taken: now,
		Services: []spec.ServiceStats{{Key: codis, Counters: spec.Counters{Connections: 9, InBytes: 1 << 40, ConnectionRate: 3}}},
		Dests: []spec.DestStats{{Key: spec.DestKey{Service: codis, Addr: netip.MustParseAddrPort("192.0.2.21:6379")}, Active: 2, Inactive: 5, Persistent: 1,
			Counters: spec.Counters{Connections: 9, ConnectionRate: 3}}},
	}
}

// Private services are marked as what they are, also one that is left over.
func TestTablesOfPaths(t *testing.T) {
	snapshot, stats := sample()
	rs := spec.DestKey{Service: web, Addr: netip.MustParseAddrPort("192.0.2.31:80")}
	way, old := spec.MarkService(2175672408, spec.IPv4), spec.MarkService(2147483999, spec.IPv4)
	snapshot.Paths = []spec.Path{{Key: way, Of: rs}}
	snapshot.Prior.Services = append(snapshot.Prior.Services, service(way, "rr", 52))
	snapshot.Prior.Dests = append(snapshot.Prior.Dests, dest(way, "192.0.2.31:0", 1, 52))
	snapshot.Live.Services = append(snapshot.Live.Services, service(old, "rr", 0), service(way, "lc", 0))
	snapshot.Live.Dests = append(snapshot.Live.Dests, dest(old, "192.0.2.32:0", 1, 0), dest(way, "192.0.2.31:0", 1, 0))
	stats.Services = append(stats.Services, spec.ServiceStats{Key: way, Counters: spec.Counters{Connections: 7}})
	stats.Dests = append(stats.Dests, spec.DestStats{Key: spec.DestKey{Service: way, Addr: netip.MustParseAddrPort("192.0.2.31:0")}, Active: 1})
	both(t, "services_paths", NewServices(snapshot, stats))
	both(t, "real_servers_paths", NewRealServers(snapshot, stats, nil, now))
	if c := NewConnections("lb1", stats); len(c.Rows) != 1 || c.Active != 2 {
		t.Errorf("connections of checks are shown: %+v", c)
	}
}

func TestTables(t *testing.T) {
	snapshot, stats := sample()
	both(t, "services", NewServices(snapshot, stats))
	both(t, "real_servers", NewRealServers(snapshot, stats, nil, now))
	both(t, "sync", NewSync(snapshot))
	connections := NewConnections("lb1", stats)
	both(t, "connections", connections)
	connections.Rate = true
	text(t, "connections_rate.txt", connections, false)
}

func TestSnapshotIsReadBack(t *testing.T) {
	snapshot, _ := sample()
	both(t, "snapshot", NewSnapshot(snapshot))
	got, err := ReadSnapshot(document(NewSnapshot(snapshot)))
	if f := got.Facts; f == nil || f.Strangers == nil || f.Speakers != nil {
		t.Errorf("facts %+v: what is known to be nothing is not what is not known", f)
	}
	if err != nil || got.Live.Services[1] != snapshot.Live.Services[1] || got.Prior.Sysctls[0] != snapshot.Prior.Sysctls[0] {
		t.Errorf("read back %+v, %v", got, err)
	}
	for _, bad := range []string{"", `{}`, `{"kind":"snapshot","version":2}`, `{"kind":"diff","version":1}`} {
		if _, err := ReadSnapshot([]byte(bad)); err == nil {
			t.Errorf("%q is taken for a snapshot", bad)
		}
	}
}

func TestAudit(t *testing.T) {
	both(t, "audit", NewAudit([]journal.Record{
		{V: 1, Seq: 1, Time: now, Event: journal.Fetched, Commit: tip.ID, Author: "Ann <ann@example.org>"},
		{V: 1, Seq: 2, Time: now, Event: journal.Planned, Commit: tip.ID, Plan: "sha256:cd3fcdb0e285d3a3", Changes: 3, Actor: "agent"},
		{V: 1, Seq: 3, Time: now, Event: journal.Step, Commit: tip.ID, Kind: spec.KindService, Key: codis.String(), Before: "scheduler=rr persistence=300", After: "scheduler=wrr", Result: "ok"},
		{V: 1, Seq: 3, Time: now, Event: journal.Step, Kind: spec.KindService, Key: web.String(), After: "scheduler=mh", Result: "ok"},
		{V: 1, Seq: 3, Time: now, Event: journal.Drift, Kind: spec.KindService, Key: web.String(), Before: "scheduler=mh"},
		{V: 1, Seq: 3, Time: now, Event: journal.Drift, Kind: spec.KindService, Key: web.String(), After: "scheduler=mh"},
		{V: 1, Seq: 3, Time: now, Event: journal.Drift, Kind: spec.KindRealServer, Key: "tcp 192.0.2.101:80 > 192.0.2.21:80", Before: "weight=1 forwarding=tun tunnel=gue port 6080", After: "weight=0 forwarding=tun tunnel=gue port 6080 upper_threshold=5"},
		{V: 1, Seq: 3, Time: now, Event: journal.Drift, Kind: spec.KindSysctl, Key: "net.ipv4.vs.sync_threshold", Before: "value=3 50", After: "value=0 1"},
		{V: 1, Seq: 4, Time: now, Event: journal.Refused, Commit: tip.ID, Result: "policies have 1 error", Diagnostics: "fleet.hcl:7: error: duplicate-syncid: 11 is used twice\nfleet.hcl:9: warning: other\n"},
	}))
	both(t, "audit_none", NewAudit(nil))
	both(t, "audit_verify", NewVerification(journal.Report{Segments: 1, Records: 4, Head: journal.Head{Seq: 4, Hash: "ab12"}, Torn: &journal.Torn{File: "00000001.jsonl", Off: 9, Bytes: 3}}))
	both(t, "audit_verify_broken", NewVerification(journal.Report{Segments: 1, Records: 4, Faults: []journal.Fault{{File: "00000001.jsonl", Line: 3, Seq: 3, What: "was altered"}}}))
	both(t, "history", NewHistory([]journal.Generation{
		{Commit: "9f3c2a1", Author: "Bob", Actor: "0 root", Time: now.Add(time.Hour), Outcome: journal.RolledBack, Changes: 3, Detail: "web is down", Attempts: 2, Last: now.Add(2 * time.Hour), Seq: 12},
		{Commit: tip.ID, Author: "Ann", Actor: "agent", Time: now, Outcome: journal.Applied, Changes: 3, Duration: 12 * time.Millisecond, Attempts: 1, Seq: 9},
		{Commit: "9f3c2a1", Author: "Bob", Time: now.Add(-time.Hour), Outcome: journal.Refused, Detail: "1 error", Attempts: 3, Last: now.Add(-time.Minute), Seq: 5},
	}))
}

func TestResult(t *testing.T) {
	s := fine()
	s.Pin = &spec.Pin{Commit: tip, Rollback: true, Until: now.Add(time.Hour)}
	both(t, "rollback", NewResult(spec.Command{Verb: spec.Rollback}, spec.CommandResult{Version: 1, Commit: &tip, Plan: s.Plan, Status: s}))
	s.Pin = &spec.Pin{Commit: tip, Rollback: true}
	text(t, "rollback_open.txt", NewResult(spec.Command{Verb: spec.Rollback}, spec.CommandResult{Version: 1, Commit: &tip, Status: s}), false)
	text(t, "pin.txt", NewResult(spec.Command{Verb: spec.PinTo}, spec.CommandResult{Version: 1, Commit: &tip, Status: s}), false)
	text(t, "refused.txt", NewResult(spec.Command{Verb: spec.PinTo}, spec.CommandResult{Version: 1, Status: s, Refusal: &spec.Refusal{
		Commit: tip, Reason: "1 error", Diagnostics: []spec.Diagnostic{{Severity: "error", Summary: "duplicate-syncid: used twice", Pos: at(12)}}}}), false)
	text(t, "suspended.txt", NewResult(spec.Command{Verb: spec.Suspend}, spec.CommandResult{Version: 1, Status: fine()}), false)
}

func TestFormat(t *testing.T) {
	before, after := []byte("a=1\nb = 2\n"), []byte("a = 1\nb = 2\n")
	both(t, "format", NewFormat(false, []string{"a.hcl"}, []string{LineDiff("a.hcl", before, after)}))
	text(t, "format_names.txt", NewFormat(true, []string{"a.hcl", "b.hcl"}, nil), false)
}
