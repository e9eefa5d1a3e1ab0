package api

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/api/metrics"
	"github.com/lbsync/lbsync/spec"
)

type fake struct {
	snapshot spec.Snapshot
	stats    spec.Stats
	checks   spec.Checks
	err      error
	asked    chan spec.Command
	query    spec.RecordQuery
	next     uint64
}

func (f *fake) Status(context.Context) (spec.Status, error) {
	return spec.Status{Version: spec.DocumentVersion, Director: "lb1", Phase: spec.Idle}, f.err
}
func (f *fake) Snapshot(context.Context) (spec.Snapshot, error) { return f.snapshot, f.err }
func (f *fake) Stats(context.Context) (spec.Stats, error)       { return f.stats, f.err }
func (f *fake) Checks(context.Context) (spec.Checks, error)     { return f.checks, f.err }
func (f *fake) Metrics(context.Context) metrics.Scrape {
	return metrics.Scrape{Status: spec.Status{Program: "1.2", Director: "lb1"}, Stats: &f.stats, RealServers: true}
}
func (f *fake) Do(_ context.Context, c spec.Command) (spec.CommandResult, error) {
	f.asked <- c
	return spec.CommandResult{Version: spec.DocumentVersion, Commit: &spec.Commit{ID: c.Rev}}, f.err
}

func serve(t *testing.T, h Handler) (*Client, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run", "agent.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- Serve(ctx, l, h) }()
	c, err := Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve ends with %v", err)
		}
	})
	return c, path
}

// vrrp has a row of each kind.
func vrrp() spec.VRRP {
	addr := netip.MustParsePrefix("192.0.2.1/32")
	return spec.VRRP{
		Instances: spec.Rows[spec.InstanceKey, spec.Instance]{{Key: "web", Value: spec.Instance{Interface: "eth0", RouterID: 7, Interval: time.Second, Group: netip.MustParseAddr("224.0.0.18")}}},
		Peers:     spec.Rows[spec.PeerKey, spec.Peer]{{Key: spec.PeerKey{Instance: "web", Addr: addr.Addr()}, Value: spec.Peer{Director: "lb2"}}},
		Addresses: spec.Rows[spec.AddressKey, spec.Address]{{Key: spec.AddressKey{Instance: "web", Prefix: addr}, Value: spec.Address{Device: "eth0", Broadcast: addr.Addr()}}},
		Routes:    spec.Rows[spec.RouteKey, spec.Route]{{Key: spec.RouteKey{Instance: "web", To: addr, Table: 254}, Value: spec.Route{Via: addr.Addr()}}},
		Rules:     spec.Rows[spec.RuleKey, spec.Rule]{{Key: spec.RuleKey{Instance: "web", Name: "r"}, Value: spec.Rule{From: addr, Table: 7}}},
		Trackers: spec.Rows[spec.TrackerKey, spec.Tracking]{{Key: spec.TrackerKey{Instance: "web", Watch: spec.WatchScript, Name: "s"},
			Value: spec.Tracking{Weight: -9, Command: "/bin/test\x001"}}},
		Follow: spec.Rows[spec.FollowSyncKey, spec.FollowSync]{{Key: "web", Value: spec.FollowSync{Daemon: spec.Daemon{SyncID: 9, Group: addr.Addr()}}}},
	}
}

// checks has one with everything, and one of which nothing is known.
func checks(at time.Time) spec.Checks {
	c := spec.Check{Kind: "http", Addr: netip.MustParseAddrPort("192.0.2.21:80"), Settings: "path=%2Fhealth", Interval: 5 * time.Second, Timeout: time.Second,
		FastInterval: 2 * time.Second, DownInterval: 3 * time.Second, Jitter: 4 * time.Second, Rise: 2, Fall: 3}
	return spec.Checks{Version: 1, Taken: at, Checks: []spec.CheckStatus{
		{Verdict: spec.Verdict{Check: spec.Check{Kind: "exec"}, Weight: -1}},
		{Verdict: spec.Verdict{Check: c, State: spec.CheckDown, Since: at, Why: "connection refused", Weight: 7}, Count: 9, OK: true, Last: at, Took: time.Millisecond, Damped: 4, Skipped: 5, Local: "no ports",
			RealServers: []spec.DestKey{{Service: spec.MarkService(7, spec.IPv6), Addr: netip.MustParseAddrPort("192.0.2.21:80")}}},
	}}
}

func TestDocumentsArriveAsSent(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	svc := spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.1:80"))
	mark := spec.MarkService(7, spec.IPv6)
	dest := spec.DestKey{Service: svc, Addr: netip.MustParseAddrPort("192.0.2.21:80")}
	state := spec.State{
		Services: spec.Rows[spec.ServiceKey, spec.Service]{
			{Key: svc, Value: spec.Service{Scheduler: "mh", Flags: spec.SchedFlag2, Persistence: 60, Netmask: 24}, Pos: spec.Pos{File: "a.hcl", Line: 3, Col: 1, Len: 4}},
			{Key: mark, Value: spec.Service{Scheduler: "rr"}},
		},
		Dests:    spec.Rows[spec.DestKey, spec.Dest]{{Key: dest, Value: spec.Dest{Weight: 3, Forward: spec.Tun, Tunnel: spec.Tunnel{Type: spec.GUE, Port: 6080, Checksum: spec.Sum}}}},
		Daemons:  spec.Rows[spec.Role, spec.Daemon]{{Key: spec.RoleBackup, Value: spec.Daemon{SyncID: 9, Interface: "eth0", Group: netip.MustParseAddr("224.0.0.81"), Port: 8848, TTL: 1, MaxLen: 1460}}},
		Timeouts: spec.Rows[spec.TimeoutKey, spec.Seconds]{{Key: spec.TimeoutUDP, Value: 30}},
		Sysctls:  spec.Rows[spec.SysctlKey, spec.Setting]{{Key: "net.ipv4.vs.conntrack", Value: "1"}},
		VRRP:     vrrp(),

		Overrides: []spec.Override{{Director: "lb2", Key: dest, Weight: 7, Actor: spec.Actor{UID: 1, Login: "ann"}, Reason: "more", At: at, Until: at.Add(time.Hour)}},
		Effects:   []spec.Effect{{Key: dest, By: spec.ByHealth, Extra: true}},
	}
	f := &fake{
		snapshot: spec.Snapshot{Version: 1, Director: "lb1", Taken: at, Applied: &spec.Commit{ID: "abc", Author: "Ann \"<A>\"", When: at}, Owned: []byte{0, 255, 7}, Live: state, Prior: &state,
			Roles: map[string]spec.Role{"web": spec.RoleMaster}, Overrides: state.Overrides, Bridged: true,
			Pools: []spec.ServicePool{
				{Service: svc, PoolFact: spec.PoolFact{Members: []spec.MemberFact{{Key: dest, Gone: true}}, Sorry: &state.Dests[0]}},
				{Service: mark, PoolFact: spec.PoolFact{Members: []spec.MemberFact{{Key: dest, Weight: 2}}}}},
			Drains: []spec.Drain{{Key: dest, Dest: state.Dests[0].Value, Since: at, Until: at.Add(time.Minute), Left: 14}}, Configured: state.Dests,
			Paths: []spec.Path{{Key: spec.MarkService(spec.PathMarks, spec.IPv4), Of: dest}}},
		stats: spec.Stats{Version: 1, Taken: at,
			Services: []spec.ServiceStats{{Key: mark, Counters: spec.Counters{Connections: 1 << 63, OutByteRate: 5}}},
			Daemons:  daemons().Daemons,
			Dests:    []spec.DestStats{{Key: dest, Weight: 3, Active: 1, Inactive: 2, Persistent: 3, Counters: spec.Counters{InBytes: 9}}}},
		checks: checks(at),
	}
	c, _ := serve(t, f)
	if got, err := c.Snapshot(t.Context()); err != nil || !reflect.DeepEqual(got, f.snapshot) {
		t.Errorf("snapshot: %v\n got %+v\nwant %+v", err, got, f.snapshot)
	}
	if got, err := c.Stats(t.Context()); err != nil || !reflect.DeepEqual(got, f.stats) {
		t.Errorf("stats: %v\n got %+v\nwant %+v", err, got, f.stats)
	}
	if got, err := c.Checks(t.Context()); err != nil || !reflect.DeepEqual(got, f.checks) {
		t.Errorf("checks: %v\n got %+v\nwant %+v", err, got, f.checks)
	}
	if got, err := c.Status(t.Context()); err != nil || got.Director != "lb1" || got.Phase != spec.Idle || got.Version != 1 {
		t.Errorf("status: %v, got %+v", err, got)
	}
}

// A document that is written row by row must stay the one that encoding/json would write, also when a field is added to it.
func TestStreamedDocumentsHaveEveryField(t *testing.T) {
	svc := spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.1:80"))
	key := spec.DestKey{Service: svc, Addr: netip.MustParseAddrPort("192.0.2.21:80")}
	full := spec.Snapshot{
		Applied: &spec.Commit{}, Owned: []byte{1}, Prior: &spec.State{Overrides: []spec.Override{{}}, Effects: []spec.Effect{{Key: key}}}, Overrides: []spec.Override{{}}, Facts: &spec.HostFacts{},
		Pools: []spec.ServicePool{{Service: svc}}, Drains: []spec.Drain{{Key: key}}, Paths: []spec.Path{{Key: svc, Of: key}}, Configured: spec.Rows[spec.DestKey, spec.Dest]{{Key: key}},
		Bridged: true, Roles: map[string]spec.Role{"web": spec.RoleMaster},
	}
	full.Prior.VRRP = vrrp()
	everyOptional(t, full)
	everyOptional(t, *full.Prior)
	everyOptional(t, daemons())
	for _, c := range []struct {
		write func(http.ResponseWriter)
		whole any
	}{
		{func(w http.ResponseWriter) { writeSnapshot(w, full) }, full},
		{func(w http.ResponseWriter) { writeChecks(w, checks(time.Time{})) }, checks(time.Time{})},
		{func(w http.ResponseWriter) { writeStats(w, daemons()) }, daemons()},
	} {
		w := recorder{}
		c.write(&w)
		want, err := json.Marshal(c.whole)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := names(t, w.body), names(t, want); !reflect.DeepEqual(got, want) {
			t.Errorf("%T: fields %v, want %v", c.whole, got, want)
		}
	}
}

// everyOptional wants a value in each field that an empty one leaves out of the document: else nothing shows that it is written.
func everyOptional(t *testing.T, document any) {
	t.Helper()
	v := reflect.ValueOf(document)
	for i := range v.NumField() {
		if f := v.Type().Field(i); strings.Contains(f.Tag.Get("json"), ",omit") && v.Field(i).IsZero() {
			t.Errorf("%s.%s is empty: give it a value", v.Type(), f.Name)
		}
	}
}

func daemons() spec.Stats {
	return spec.Stats{Daemons: spec.Rows[spec.Role, spec.Daemon]{{Key: spec.RoleBackup, Value: spec.Daemon{SyncID: 9, Group: netip.MustParseAddr("224.0.0.81")}}}}
}

type recorder struct {
	header http.Header
	body   []byte
}

func (r *recorder) Header() http.Header {
	if r.header == nil {
		r.header = http.Header{}
	}
	return r.header
}
func (r *recorder) Write(b []byte) (int, error) { r.body = append(r.body, b...); return len(b), nil }
func (r *recorder) WriteHeader(int)             {}

// names is the document with its leaves taken out.
func names(t *testing.T, doc []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return shape(v)
}

func shape(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	for k := range m {
		m[k] = shape(m[k])
	}
	return m
}

func TestCommandCarriesTheCallersUID(t *testing.T) {
	f := &fake{asked: make(chan spec.Command, 1)}
	c, _ := serve(t, f)
	cmd := spec.Command{Verb: spec.PinTo, Rev: "abc", For: time.Hour, Reason: "why", Actor: spec.Actor{UID: 4711, Login: "mallory"}}
	out, err := c.Do(t.Context(), cmd)
	if err != nil || out.Commit.ID != "abc" {
		t.Fatalf("Do: %+v, %v", out, err)
	}
	got := <-f.asked
	if int(got.Actor.UID) != os.Getuid() || got.Actor.Login == "mallory" {
		t.Errorf("actor is %v, want uid %d as the socket says", got.Actor, os.Getuid())
	}
	got.Actor = cmd.Actor
	if got != cmd {
		t.Errorf("command is %+v, want %+v", got, cmd)
	}
}

func TestErrorsReachTheCaller(t *testing.T) {
	f := &fake{asked: make(chan spec.Command, 1), err: errors.New("nothing is pinned")}
	c, _ := serve(t, f)
	if _, err := c.Do(t.Context(), spec.Command{Verb: spec.Unpin}); err == nil || err.Error() != "nothing is pinned" {
		t.Errorf("Do: %v", err)
	}
	if _, err := c.Status(t.Context()); err == nil || err.Error() != "nothing is pinned" {
		t.Errorf("Status: %v", err)
	}
	if _, err := c.Do(t.Context(), spec.Command{Verb: "destroy"}); err == nil || !strings.Contains(err.Error(), `"destroy" is not known`) {
		t.Errorf("unknown verb: %v", err)
	}
}

func TestRequestsAreChecked(t *testing.T) {
	f := &fake{asked: make(chan spec.Command, 1)}
	c, _ := serve(t, f)
	for _, tc := range []struct{ name, body, want string }{
		{"too large", `{"verb":"pin","rev":"` + strings.Repeat("a", longestBody) + `"}`, "over 65536 bytes"},
		{"unknown field", `{"verb":"unpin","forse":1}`, "forse"},
		{"actor is not taken", `{"verb":"unpin","actor":{"uid":1}}`, "actor"},
		{"no JSON", `verb`, "read command"},
		{"unknown verb", `{"verb":"destroy"}`, "not known"},
		{"pin without revision", `{"verb":"pin"}`, "name a revision"},
		{"resume with revision", `{"verb":"resume","rev":"x"}`, "takes no revision"},
		{"resume with duration", `{"verb":"resume","for":1}`, "does not apply"},
		{"dry run of nothing", `{"verb":"suspend","dry_run":true}`, "dry run does not apply"},
		{"negative duration", `{"verb":"suspend","for":-1}`, "does not apply"},
		{"long reason", `{"verb":"suspend","reason":"` + strings.Repeat("x", 501) + `"}`, "at most 500"},
	} {
		_, err := ask[spec.CommandResult](t.Context(), c, http.MethodPost, "command", []byte(tc.body))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want …%s…", tc.name, err, tc.want)
		}
	}
	if len(f.asked) != 0 {
		t.Errorf("a bad request reached the agent: %+v", <-f.asked)
	}
	if _, err := ask[spec.Status](t.Context(), c, http.MethodGet, "nonsense", nil); err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("unknown document: %v", err)
	}
}

func TestSocket(t *testing.T) {
	_, path := serve(t, &fake{})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket: %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its folder: %v, %v", info.Mode(), err)
	}
	if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "another agent answers") {
		t.Errorf("second agent: %v", err)
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	old, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	old.SetUnlinkOnClose(false) // as a killed process leaves it
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(path); !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "refused; is lbsync agent running") {
		t.Errorf("Dial of a stale socket: %v", err)
	}
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOtherFilesAreNotRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "another kind of file") {
		t.Errorf("Listen: %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "mine" {
		t.Errorf("file is now %q, %v", b, err)
	}
}

func TestCallerWithoutCredentials(t *testing.T) {
	if _, err := actor(t.Context()); err == nil {
		t.Error("a caller without credentials is let in")
	}
}

// TestScrapesTakeTurns: the kernel is read for one scraper at a time, and who gives up waiting is told.
func TestScrapesTakeTurns(t *testing.T) {
	slow := &slow{entered: make(chan struct{}), leave: make(chan struct{})}
	h := scrape(slow)
	done := make(chan int)
	ask := func(ctx context.Context) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil))
		done <- w.Code
	}
	go ask(t.Context())
	<-slow.entered
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	go ask(gone)
	if code := <-done; code != http.StatusServiceUnavailable {
		t.Errorf("a second scrape is answered %d while the first one reads", code)
	}
	close(slow.leave)
	if code := <-done; code != http.StatusOK {
		t.Errorf("the first scrape is answered %d", code)
	}
}

type slow struct {
	fake
	entered, leave chan struct{}
}

func (s *slow) Metrics(context.Context) metrics.Scrape {
	s.entered <- struct{}{}
	<-s.leave
	return metrics.Scrape{}
}
