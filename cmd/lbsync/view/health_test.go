package view

import (
	"net/netip"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

func key(addr string) spec.DestKey {
	return spec.DestKey{Service: codis, Addr: netip.MustParseAddrPort(addr)}
}

// sick is a director whose checks found everything that there is: .21 out, .22 rising, .23 held, .24 weighed, .25 not judged, .26 draining, .27 out and overridden.
func sick() (spec.Snapshot, *spec.HealthStatus) {
	declared := spec.Rows[spec.DestKey, spec.Dest]{}
	for i, host := range []string{"21", "22", "23", "24", "25", "27", "28"} {
		declared = append(declared, dest(codis, "192.0.2."+host+":6379", 3, 30+i))
	}
	wants := state(spec.Rows[spec.ServiceKey, spec.Service]{service(codis, "wrr", 20)}, spec.Rows[spec.DestKey, spec.Dest]{
		dest(codis, "192.0.2.9:6379", 1, 29), declared[1], declared[2], declared[3], declared[4], dest(codis, "192.0.2.26:6379", 0, 0), declared[5]}, 10)
	wants.Dests[1].Value.Weight, wants.Dests[3].Value.Weight, wants.Dests[6].Value.Weight = 1, 2, 5
	wants.Effects = []spec.Effect{{Key: key("192.0.2.9:6379"), By: spec.ByHealth, Extra: true}, {Key: declared[0].Key, By: spec.ByHealth}, {Key: declared[1].Key, By: spec.ByHealth},
		{Key: declared[3].Key, By: spec.ByHealth}, {Key: key("192.0.2.26:6379"), By: spec.ByDrain, Extra: true}, {Key: declared[5].Key, By: spec.ByOverride}, {Key: declared[6].Key, By: spec.ByHealth}}
	wants.Declared = declared
	o := spec.Override{Director: "lb1", Key: declared[5].Key, Weight: 5, Actor: spec.Actor{Login: "ann"}, Reason: "new disk", At: now.Add(-time.Hour), Until: now.Add(time.Hour)}
	wants.Overrides = []spec.Override{o}
	drain := spec.Drain{Key: key("192.0.2.26:6379"), Since: now.Add(-time.Minute), Until: now.Add(time.Minute), Left: 14}
	over := spec.Drain{Key: key("192.0.2.29:6379"), Since: now.Add(-time.Hour), Until: now.Add(-time.Minute), Ended: "no connection is left"}
	s := spec.Snapshot{Version: 1, Director: "lb1", Taken: now, Applied: &tip, Live: wants, Prior: &wants, Configured: wants.Affected(), Drains: []spec.Drain{drain, over}, Overrides: wants.Overrides,
		Pools: []spec.ServicePool{{Service: codis, PoolFact: spec.PoolFact{Sorry: &wants.Dests[0], Members: []spec.MemberFact{{Key: declared[0].Key, Gone: true}, {Key: declared[6].Key, Gone: true}}}}}}
	refused := "connect to 192.0.2.21:6379: connection refused"
	h := &spec.HealthStatus{
		CheckCounts: spec.CheckCounts{Configured: 40, Unique: 38, States: map[string]int{"up": 36, "down": 1, "unknown": 1}, InFlight: 3, Frozen: "the loop is 2.1s late", FrozenAt: now.Add(-4 * time.Second)},
		Checked:     40, Drains: s.Drains, Brake: &spec.BrakeStatus{Down: 60, Of: 100, Limit: 50, Since: now.Add(-20 * time.Second)},
		Servers: []spec.ServerHealth{
			{Key: declared[0].Key, State: "out", Since: now.Add(-3 * time.Minute), Why: refused, Pos: declared[0].Pos},
			{Key: declared[1].Key, State: "rising", Since: now.Add(-time.Second), Weight: 1, Until: now.Add(9 * time.Second), Pos: declared[1].Pos},
			{Key: declared[2].Key, State: "held", Why: "timeout", Weight: 3, Pos: declared[2].Pos},
			{Key: declared[3].Key, State: "weighed", Weight: 2, Pos: declared[3].Pos},
			{Key: declared[4].Key, State: "unjudged", Weight: 3, Pos: declared[4].Pos},
			{Key: declared[5].Key, State: "out", Since: now.Add(-3 * time.Minute), Why: "timeout", Pos: declared[5].Pos},
		},
		Services: []spec.ServiceHealth{
			{Key: codis, Lost: true, Weight: 3, Quorum: 4, Sorry: &wants.Dests[0].Key, Pos: at(20)},
			{Key: web, Quorum: 1, Brake: &spec.BrakeStatus{Down: 3, Of: 4, Limit: 50, Since: now.Add(-time.Minute)}},
		},
	}
	return s, h
}

// probed are checks in every state and on the way to another one.
func probed() spec.Checks {
	c := func(kind, addr string) spec.Check {
		return spec.Check{Kind: kind, Addr: netip.MustParseAddrPort(addr), Interval: 5 * time.Second, Rise: 2, Fall: 3}
	}
	is := func(c spec.Check, state spec.CheckState, ok bool, count uint32, why string) spec.CheckStatus {
		return spec.CheckStatus{Verdict: spec.Verdict{Check: c, State: state, Since: now.Add(-3 * time.Minute), Why: why, Weight: -1}, OK: ok, Count: count, Last: now.Add(-2 * time.Second), Took: 1234567}
	}
	damped := is(c("tcp", "192.0.2.23:6379"), spec.CheckDown, true, 3, "timeout")
	damped.Damped = 8
	flapped := is(c("tcp", "192.0.2.24:6379"), spec.CheckDown, false, 3, "timeout")
	flapped.Damped, flapped.Took = 4, 1500*time.Millisecond
	late := is(c("tcp", "192.0.2.25:6379"), spec.CheckUp, true, 900, "")
	late.Skipped, late.Local = 5, "no local port is free"
	file := is(spec.Check{Kind: "file", Settings: "path=%2Frun%2Fcodis", Fall: 3}, spec.CheckUp, true, 7, "")
	for _, host := range []string{"21", "22", "23"} {
		file.RealServers = append(file.RealServers, key("192.0.2."+host+":6379"))
	}
	// The probe of .22 goes to another address; .21 at port 80 is not one of codis.
	elsewhere := is(c("http", "198.51.100.7:8080"), spec.CheckUp, true, 7, "")
	elsewhere.RealServers = []spec.DestKey{key("192.0.2.22:6379"), key("192.0.2.24:6379")}
	broken := spec.CheckStatus{Verdict: spec.Verdict{Check: spec.Check{Kind: "exec", Settings: "command=%2Fbin%2Fprobe"}, Since: now.Add(-time.Hour), Weight: -1}, Local: "no such file"}
	all := spec.Checks{Version: 1, Taken: now, Checks: []spec.CheckStatus{
		broken, file, is(c("tcp", "192.0.2.21:6379"), spec.CheckDown, false, 40, "connect to 192.0.2.21:6379: connection refused"), is(c("tcp", "192.0.2.22:6379"), spec.CheckUp, false, 2, "timeout"),
		damped, flapped, late, is(c("http", "192.0.2.21:80"), spec.CheckUnknown, false, 1, "status 500"), elsewhere,
	}}
	for i := range all.Checks {
		if c := &all.Checks[i]; c.Check.Kind == "tcp" {
			c.RealServers = []spec.DestKey{{Service: codis, Addr: c.Check.Addr}}
		}
	}
	all.Checks[7].RealServers = []spec.DestKey{{Service: web, Addr: all.Checks[7].Check.Addr}}
	return all
}

func TestStatusOfHealth(t *testing.T) {
	s := fine()
	_, s.Health = sick()
	both(t, "status_sick", NewStatus(s, now))

	_, h := sick()
	s.Health = &spec.HealthStatus{CheckCounts: h.CheckCounts, Checked: 40, Services: []spec.ServiceHealth{{Key: codis, Lost: true, Quorum: 1}, {Key: web, Lost: true, Quorum: 1}}}
	s.Health.Frozen = ""
	for i := range 12 {
		r := h.Servers[0]
		r.Key.Addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(30 + i)}), 6379)
		s.Health.Servers = append(s.Health.Servers, r)
	}
	text(t, "status_sick_many.txt", NewStatus(s, now), false)
	s.Health.Servers, s.Health.Services = s.Health.Servers[:1], nil
	text(t, "status_sick_one.txt", NewStatus(s, now), false)
}

// What checks and drains ask for is told apart from what a commit does; the removal of .22 begins a drain.
func TestDiffOfHealth(t *testing.T) {
	d := func(host string, weight int32) spec.Row[spec.DestKey, spec.Dest] {
		return dest(codis, "192.0.2."+host+":6379", weight, 30)
	}
	services := spec.Rows[spec.ServiceKey, spec.Service]{service(codis, "wrr", 20)}
	rows := func(all ...spec.Row[spec.DestKey, spec.Dest]) spec.State { return state(services, all, 10) }
	before, want := rows(d("21", 3), d("22", 3), d("23", 0), d("24", 3), d("25", 0)), rows(d("21", 2), d("24", 3))
	want.Effects = []spec.Effect{{Key: d("21", 0).Key, By: spec.ByHealth}}
	before.Effects = []spec.Effect{{Key: d("23", 0).Key, By: spec.ByDrain, Extra: true}}
	draining := spec.Drain{Key: d("24", 0).Key, Until: now.Add(time.Minute), Left: 1}
	v := spec.View{Clusters: []spec.Cluster{{VirtualServers: []spec.Placed[spec.VirtualServer]{{Def: &spec.VirtualServer{
		Addresses: []netip.Addr{codis.Addr.Addr()}, Ports: []uint16{6379}, Protocol: spec.TCP, DrainTimeout: 2 * time.Minute}}}}}}
	one := NewDirectorDiff(reconcile.NewPlan(reconcile.PlanInput{
		Director: "lb1", Commit: tip, Want: want, Prior: &before, Live: before, Owned: reconcile.Owned{}.Claim(before), Drift: reconcile.DriftPolicy{View: v},
		Drains: []spec.Drain{{Key: d("23", 0).Key, Ended: "no connection is left"}, draining},
	}), nil)
	one.From, one.Drains = "9f3c2a1", []spec.Drain{draining}
	both(t, "diff_health", NewDiff(now, []DirectorDiff{one}))
}

func TestAuditOfHealth(t *testing.T) {
	s := func(seq uint64, event journal.Event, kind spec.Kind, key, after, result string) journal.Record {
		return journal.Record{V: 1, Seq: seq, Time: now, Event: event, Commit: tip.ID, Actor: "agent", Kind: kind, Key: key, After: after, Result: result}
	}
	server := key("192.0.2.21:6379").String()
	ended := s(7, journal.DrainEnded, spec.KindRealServer, server, "", "no connection is left")
	ended.Detail = "it took no new connections for 14s"
	text(t, "audit_health.txt", NewAudit([]journal.Record{
		s(1, journal.Health, spec.KindRealServer, server, "real_server=down", "connection refused"), s(2, journal.Health, spec.KindRealServer, server, "real_server=up", ""),
		s(3, journal.Quorum, spec.KindService, codis.String(), "quorum=down", "live real servers weigh 0, quorum is 1"), s(4, journal.Quorum, spec.KindService, codis.String(), "quorum=up", ""),
		s(5, journal.Brake, spec.KindService, codis.String(), "brake=on", "3 of 4 real servers fail"), s(6, journal.Brake, "", "", "brake=off", "1 of 40 checks fail"), ended,
		s(8, journal.Health, "", "", "", "499 more changes"),
	}), false)
}

func TestHealthTables(t *testing.T) {
	snapshot, h := sick()
	both(t, "real_servers_sick", NewRealServers(snapshot, spec.Stats{}, h, now))
	s := fine()
	s.Health = h
	both(t, "checks", NewChecks(s, probed(), now))
	text(t, "checks_down.txt", NewChecks(s, probed(), now, spec.CheckDown), false)
	text(t, "checks_none.txt", NewChecks(fine(), spec.Checks{}, now), false)
}

func TestWhy(t *testing.T) {
	snapshot, h := sick()
	live := snapshot.Live
	live.Dests = append(spec.Rows[spec.DestKey, spec.Dest]{}, live.Dests...)
	live.Dests[3].Value.Weight = 9 // .24, by hand
	snapshot.Live = live
	s := fine()
	s.Health = h
	k := Known{snapshot, s, probed()}
	records := []journal.Record{
		{V: 1, Seq: 7, Time: now.Add(-time.Hour), Event: journal.Step, Commit: tip.ID, Author: "Ann <ann@example.org>", Kind: spec.KindRealServer, Key: key("192.0.2.21:6379").String(), Before: "weight=1 forwarding=dr", After: "weight=3 forwarding=dr", Result: "ok"},
		{V: 1, Seq: 9, Time: now.Add(-3 * time.Minute), Event: journal.Health, Commit: tip.ID, Actor: "agent", Kind: spec.KindRealServer, Key: key("192.0.2.21:6379").String(), After: "real_server=down", Result: "connection refused"},
	}
	var all []WhyObject
	for _, host := range []string{"21", "22", "23", "24", "26", "27", "28", "9"} {
		keys := k.RealServersAt("192.0.2." + host + ":6379")
		if len(keys) != 1 {
			t.Fatalf("%s: %v", host, keys)
		}
		all = append(all, WhyRealServer(k, keys[0], records, now))
		records = nil
	}
	both(t, "why", NewWhy(k, now, all...))
	text(t, "why_service.txt", NewWhy(k, now, WhyService(k, codis, nil, now)), false)

	snapshot, _ = sample()
	s = fine()
	s.Suspension = &spec.Suspension{Actor: spec.Actor{Login: "ann"}, Reason: "look", Until: now.Add(time.Hour)}
	plain := Known{snapshot, s, spec.Checks{}}
	text(t, "why_plain.txt", NewWhy(plain, now, WhyRealServer(Known{snapshot, fine(), spec.Checks{}}, key("192.0.2.21:6379"), nil, now),
		WhyRealServer(plain, key("192.0.2.22:6379"), nil, now), WhyService(plain, codis, nil, now), WhyService(plain, spec.MarkService(7, spec.IPv4), nil, now)), false)
	if keys := k.RealServersAt("192.0.2.77:80"); len(keys) != 0 || k.HasService(web) {
		t.Errorf("%v are known", keys)
	}
}
