package health

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/health/probe"
	"github.com/lbsync/lbsync/spec"
)

// patience is far beyond what any wait takes.
const patience = time.Minute

func startRunner(t *testing.T, cfg Config) *Runner {
	t.Helper()
	r, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// soon waits until something holds.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not in %s", what, patience)
		case <-again.C:
		}
	}
}

// until waits for a check to be as is asked, and is what it was then.
func until(t *testing.T, r *Runner, c spec.Check, what string, ok func(spec.CheckStatus) bool) (found spec.CheckStatus) {
	t.Helper()
	soon(t, c.String()+" "+what, func() bool {
		for _, s := range r.Checks() {
			if s.Check == c && ok(s) {
				found = s
				return true
			}
		}
		return false
	})
	return found
}

func isDown(s spec.CheckStatus) bool { return s.State == spec.CheckDown }
func isUp(s spec.CheckStatus) bool   { return s.State == spec.CheckUp }

// quick is a check that is soon sure.
func quick(kind string, to net.Addr, settings ...string) spec.Check {
	return spec.Check{Kind: kind, Addr: netip.MustParseAddrPort(to.String()), Settings: spec.CheckSettings(strings.Join(settings, "&")), Rise: 1, Fall: 1,
		Interval: 200 * time.Millisecond, Timeout: 200 * time.Millisecond, FastInterval: 100 * time.Millisecond, DownInterval: 100 * time.Millisecond, Jitter: 10 * time.Millisecond}
}

// server accepts on the loopback and lets f have each connection.
func server(t *testing.T, f func(net.Conn)) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer func() { _ = c.Close() }()
				f(c)
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); conns.Wait() })
	return l.Addr()
}

// nobody is an address where nothing listens.
func nobody(t *testing.T) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr()
}

func TestNews(t *testing.T) {
	r := startRunner(t, Config{})
	up, down := quick("tcp", server(t, func(net.Conn) {})), quick("tcp", nobody(t))
	r.Set([]spec.Check{up, down}, nil)
	until(t, r, up, "is up", isUp)
	until(t, r, down, "is down", isDown)
	<-r.Changed()
	got := r.News()
	if len(got) != 2 || got[0].Check != down || got[1].Check != up {
		t.Errorf("news are %v, want what is down and then what is up", got)
	}
	if got[0].State != spec.CheckDown || got[0].Since.IsZero() || got[0].Weight != -1 || got[0].Why != "connect to "+down.Addr.String()+": connection refused" {
		t.Errorf("the verdict is %+v", got[0])
	}
	if again := r.News(); len(again) != 0 {
		t.Errorf("told again: %v", again)
	}
}

// What a check begins with is no news; what it comes to then is.
func TestStatesToBeginWith(t *testing.T) {
	r := startRunner(t, Config{})
	up, down := quick("tcp", server(t, func(net.Conn) {})), quick("tcp", nobody(t))
	r.Set([]spec.Check{up, down}, map[spec.Check]spec.CheckState{up: spec.CheckUp, down: spec.CheckUp})
	until(t, r, up, "was probed", func(s spec.CheckStatus) bool { return s.OK })
	until(t, r, down, "is down", isDown)
	if got := r.News(); len(got) != 1 || got[0].Check != down {
		t.Errorf("news are %v, want only what is down", got)
	}
}

// A check that stays keeps what it came to, and one that is named twice is run once.
func TestSetKeeps(t *testing.T) {
	r := startRunner(t, Config{})
	old := quick("tcp", server(t, func(net.Conn) {}))
	r.Set([]spec.Check{old, old}, nil)
	before := until(t, r, old, "is up", isUp)
	if got := r.Counts(); got.Configured != 2 || got.Unique != 1 || got.States["up"] != 1 {
		t.Errorf("counts are %+v", got)
	}
	other := quick("tcp", nobody(t))
	r.Set([]spec.Check{other, old}, map[spec.Check]spec.CheckState{old: spec.CheckDown})
	after := until(t, r, old, "is still up", isUp)
	if after.Since != before.Since || after.Count < before.Count {
		t.Errorf("it began anew: %+v, before %+v", after, before)
	}
	until(t, r, other, "is down", isDown)
	r.Set(nil, nil)
	if got := r.Counts(); got.Unique != 0 || got.InFlight != 0 || got.States["up"]+got.States["down"] != 0 || len(got.Kinds) != 1 || got.Kinds[0].OK == 0 {
		t.Errorf("counts without checks are %+v", got)
	}
	if got := r.Checks(); len(got) != 0 {
		t.Errorf("checks are %v", got)
	}
}

func TestChecksAreSorted(t *testing.T) {
	r := startRunner(t, Config{})
	list := many(100, aCheck(1, 1))
	slices.Reverse(list)
	r.Set(list, nil)
	slices.Reverse(list)
	for i, s := range r.Checks() {
		if s.Check != list[i] {
			t.Fatalf("check %d is %s, want %s", i, s.Check, list[i])
		}
	}
}

// Settings that are wrong are said once and never probed.
func TestWrongSettings(t *testing.T) {
	var log bytes.Buffer
	r := startRunner(t, Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	wrong, unknown, never := quick("http", nobody(t), "body=%28"), quick("telnet", nobody(t)), spec.Check{Kind: "tcp"}
	for range 2 {
		r.Set([]spec.Check{wrong, unknown, never}, map[spec.Check]spec.CheckState{wrong: spec.CheckUp})
	}
	for _, s := range r.Checks() {
		if s.State != spec.CheckUnknown || s.Local == "" {
			t.Errorf("%s is %s: %q", s.Check, s.State, s.Local)
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 3 {
		t.Errorf("logged %d times, want once each:\n%s", n, &log)
	}
	r.Set(nil, nil)
}

// standIn has a check probed by a function, as the kinds are that are not the loop's.
func standIn(r *Runner, of spec.Check, f probe.Probe) {
	c := &check{Check: of, number: identity(of), weight: -1, toldWeight: -1, probe: f, loop: r.loops[0]}
	r.mu.Lock()
	defer r.mu.Unlock()
	c.named = r.round
	r.checks.add(c)
	c.loop.admitNew(c, spec.CheckUnknown)
	c.loop.mu.Lock()
	c.loop.ring()
	c.loop.mu.Unlock()
}

func TestOtherKindsHaveGoroutines(t *testing.T) {
	r := startRunner(t, Config{})
	results := make(chan probe.Result)
	of := aCheck(1, 1)
	of.Kind, of.Interval, of.FastInterval, of.DownInterval, of.Jitter = "exec", 100*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond, 0
	standIn(r, of, func(ctx context.Context) probe.Result {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("a probe has no deadline")
		}
		select {
		case res := <-results:
			return res
		case <-ctx.Done():
			return probe.Result{Local: true, Why: "nobody said anything"}
		}
	})
	results <- probe.Result{OK: true, Weight: 7}
	if s := until(t, r, of, "is up", isUp); s.Weight != 7 {
		t.Errorf("weight is %d", s.Weight)
	}
	if got := r.News(); len(got) != 1 || got[0].Weight != 7 {
		t.Errorf("news are %v", got)
	}
	results <- probe.Result{OK: true, Weight: 3}
	until(t, r, of, "has another weight", func(s spec.CheckStatus) bool { return s.Weight == 3 })
	if got := r.News(); len(got) != 1 || got[0].Weight != 3 {
		t.Errorf("news of another weight are %v", got)
	}
	results <- probe.Result{Local: true, Why: "no descriptors"}
	// A host that is late skips probes too.
	if s := until(t, r, of, "was skipped", func(s spec.CheckStatus) bool { return s.Local == "no descriptors" }); s.State != spec.CheckUp || s.Skipped == 0 {
		t.Errorf("a local fault: %+v", s)
	}
	results <- probe.Result{Why: "exit code 1", Weight: -1}
	if s := until(t, r, of, "is down", isDown); s.Why != "exit code 1" {
		t.Errorf("why is %q", s.Why)
	}
}

// A result that comes after its check was removed changes nothing, nor one of a check that is the same again.
func TestLateResult(t *testing.T) {
	r := startRunner(t, Config{})
	of := quick("exec", nobody(t))
	begun, end, ended := make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	standIn(r, of, func(ctx context.Context) probe.Result {
		begun <- struct{}{}
		<-ctx.Done() // Set gives it up
		<-end
		defer close(ended)
		return probe.Result{Why: "late", Weight: -1}
	})
	<-begun
	r.Set(nil, nil)
	standIn(r, of, func(ctx context.Context) probe.Result { return probe.Result{OK: true, Weight: -1} })
	until(t, r, of, "is up", isUp)
	close(end)
	<-ended
	soon(t, "the late probe is over", func() bool { return r.Counts().InFlight == 0 })
	if s := until(t, r, of, "is there", func(spec.CheckStatus) bool { return true }); s.State != spec.CheckUp || s.Why != "" {
		t.Errorf("the late result counted: %+v", s)
	}
	if k := r.Counts().Kinds[0]; k.Failed != 0 {
		t.Errorf("%d failures counted", k.Failed)
	}
}

// More than PerHost probes to one address wait, and each gets its turn in the end; to other addresses they go on.
func TestPerHost(t *testing.T) {
	r := startRunner(t, Config{PerHost: 2})
	var mu sync.Mutex
	flying, most, seen := 0, 0, map[uint16]bool{}
	for port := range uint16(20) {
		of := quick("exec", nobody(t))
		of.Addr, of.Timeout = netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), port+1), 20*time.Millisecond
		standIn(r, of, func(ctx context.Context) probe.Result {
			mu.Lock()
			flying++
			most = max(most, flying)
			seen[port] = true
			mu.Unlock()
			<-ctx.Done()
			mu.Lock()
			flying--
			mu.Unlock()
			return probe.Result{OK: true, Weight: -1}
		})
	}
	soon(t, "all 20 were probed", func() bool { mu.Lock(); defer mu.Unlock(); return len(seen) == 20 })
	skipped := uint64(0)
	soon(t, "some were skipped", func() bool { skipped = r.Counts().Kinds[0].Skipped; return skipped > 0 })
	mu.Lock()
	defer mu.Unlock()
	if most != 2 {
		t.Errorf("%d were under way at once, want 2", most)
	}
	said := false
	for _, s := range r.Checks() {
		said = said || s.Local == "2 probes to 192.0.2.1 were under way"
		if s.State == spec.CheckDown {
			t.Errorf("%s is down", s.Check)
		}
	}
	if !said {
		t.Error("no check says that it waited for others to the same address")
	}
}

func TestBudget(t *testing.T) {
	r := startRunner(t, Config{Budget: 2 * mostLoops})
	var mu sync.Mutex
	flying, most, done := 0, 0, 0
	for n := range 20 {
		of := quick("exec", nobody(t))
		of.Addr, of.Timeout = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}), 1), 20*time.Millisecond
		standIn(r, of, func(ctx context.Context) probe.Result {
			mu.Lock()
			flying++
			most = max(most, flying)
			mu.Unlock()
			<-ctx.Done()
			mu.Lock()
			flying--
			done++
			mu.Unlock()
			return probe.Result{OK: true, Weight: -1}
		})
	}
	soon(t, "60 probes ended", func() bool { mu.Lock(); defer mu.Unlock(); return done >= 60 })
	mu.Lock()
	defer mu.Unlock()
	if want := 2 * mostLoops / len(r.loops); most != want {
		t.Errorf("%d were under way at once, want %d", most, want)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	r := startRunner(t, Config{})
	of, silent := quick("exec", nobody(t)), quick("http", server(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)); _, _ = c.Read(make([]byte, 1<<16)) }))
	silent.Timeout = time.Hour
	of.Timeout = time.Hour
	began := make(chan struct{}, 1)
	standIn(r, of, func(ctx context.Context) probe.Result {
		began <- struct{}{}
		<-ctx.Done()
		return probe.Result{}
	})
	<-began
	r.Set([]spec.Check{silent}, nil)
	soon(t, "a probe is under way", func() bool { return r.Counts().InFlight > 0 })
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if got := r.Counts().InFlight; got != 0 {
		t.Errorf("%d are under way after the end", got)
	}
	r.Set([]spec.Check{of}, nil) // nothing comes of it
}

// succeeds is a probe that takes no time.
func succeeds(context.Context) probe.Result { return probe.Result{OK: true, Weight: -1} }
