package health

import (
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// byHand is a runner whose time, and whose one loop's turns, are the test's.
type byHand struct {
	*Runner
	t  *testing.T
	at atomic.Int64
}

func newByHand(t *testing.T) *byHand {
	t.Helper()
	h := &byHand{t: t}
	h.at.Store(int64(noon))
	h.Runner = newRunner(slog.New(slog.DiscardHandler), h.now)
	if _, err := h.addLoop(100, 100); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *byHand) now() instant { return instant(h.at.Load()) }

// pass lets time pass, and the loop turn when it wanted to; stall, only at the end.
func (h *byHand) pass(d time.Duration) {
	for end := h.now().add(d); h.now() < end; {
		h.at.Store(int64(min(end, h.loops[0].wakeAt)))
		h.turn()
	}
}

// turn is one that does not wait.
func (h *byHand) turn() {
	h.loops[0].ring()
	h.loops[0].turn()
}

func (h *byHand) stall(d time.Duration) {
	h.at.Add(int64(d))
	h.turn()
}

func (h *byHand) status(c spec.Check) spec.CheckStatus {
	h.t.Helper()
	for _, s := range h.Checks() {
		if s.Check == c {
			return s
		}
	}
	h.t.Fatalf("%s is not run", c)
	return spec.CheckStatus{}
}

// set has the checks begun: the next turn is the first of them.
func (h *byHand) set(checks ...spec.Check) {
	states := map[spec.Check]spec.CheckState{}
	for _, c := range checks {
		states[c] = spec.CheckUp
	}
	h.Set(checks, states)
	h.turn()
}

// slowly is a check of seconds.
func slowly(kind string, to net.Addr) spec.Check {
	c := quick(kind, to)
	c.Interval, c.Timeout, c.FastInterval, c.DownInterval, c.Jitter = 4*time.Second, 3*time.Second, 4*time.Second, 4*time.Second, time.Second
	return c
}

// A probe whose time ran out while this host stood still is not counted, and neither is what fails until it runs evenly again. What
// was missed is.
func TestStall(t *testing.T) {
	h := newByHand(t)
	silent := slowly("tcp", full(t))
	h.set(silent)
	h.pass(time.Second + tick) // it begins
	if n := h.Counts().InFlight; n != 1 {
		t.Fatalf("%d probes are under way", n)
	}
	h.stall(21 * time.Second)
	s := h.status(silent)
	if s.State != spec.CheckUp || s.Count != 0 || s.Skipped < 5 || s.Skipped > 6 || !strings.HasPrefix(s.Local, "this host is late") {
		t.Errorf("after a stall: %+v", s)
	}
	got := h.Counts()
	if !strings.HasPrefix(got.Frozen, "this host is late: it stood still for 18.") || !got.FrozenAt.Equal(h.now().time()) {
		t.Errorf("frozen is %q since %s", got.Frozen, got.FrozenAt)
	}
	h.pass(20 * time.Second)
	if got := h.Counts(); got.Frozen != "" || !got.FrozenAt.IsZero() {
		t.Errorf("it does not thaw: %q", got.Frozen)
	}
	if s := h.status(silent); s.State != spec.CheckDown {
		t.Errorf("long after the stall: %+v", s)
	}
}

// An answer that came while this host stood still is one.
func TestAnswerInAStall(t *testing.T) {
	h := newByHand(t)
	defer func() { _ = h.Close() }() // before the server is
	asked, answer, came := make(chan struct{}, 10), make(chan struct{}), make(chan struct{}, 10)
	good := slowly("http", server(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1000))
		asked <- struct{}{}
		<-answer
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
		came <- struct{}{}
	}))
	h.set(good)
	h.begin(good)
	for len(asked) == 0 {
		h.turn()
	}
	close(answer)
	<-came
	h.stall(time.Minute)
	if s := h.status(good); s.State != spec.CheckUp || !s.OK || s.Count != 1 {
		t.Errorf("after a stall: %+v", s)
	}
}

// A timeout that is noticed a little late is this host's, though nothing is frozen for that.
func TestLateTimeout(t *testing.T) {
	h := newByHand(t)
	silent := slowly("tcp", full(t))
	silent.Timeout = 200 * time.Millisecond
	h.set(silent)
	for h.Counts().InFlight == 0 {
		h.stall(tick)
	}
	h.stall(400 * time.Millisecond)
	if s, n := h.status(silent), h.Counts(); s.State != spec.CheckUp || s.Skipped != 1 || n.Frozen != "" {
		t.Errorf("a timeout that was noticed late: %+v, frozen %q", s, n.Frozen)
	}
	h.pass(5 * time.Second)
	if s := h.status(silent); s.State != spec.CheckDown || s.Skipped != 1 {
		t.Errorf("a timeout: %+v", s)
	}
}

// begin lets time pass until a check has its probe under way.
func (h *byHand) begin(of spec.Check) {
	for c := h.checks.find(identity(of), of); c.stage == resting || c.stage == queued; {
		h.pass(tick)
	}
}

// A server that was asked late, for this host was late several times, may answer late.
func TestAskedLate(t *testing.T) {
	h := newByHand(t)
	defer func() { _ = h.Close() }() // before the servers are
	asked := make(chan struct{}, 10)
	mute := slowly("http", server(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1000))
		asked <- struct{}{}
		_, _ = c.Read(make([]byte, 1000))
	}))
	h.set(mute, quick("tcp", server(t, func(net.Conn) {}))) // the second keeps the loop busy
	h.begin(mute)
	for len(asked) == 0 {
		h.turn() // no time passes meanwhile
	}
	h.stall(900 * time.Millisecond)
	h.stall(900 * time.Millisecond)
	h.pass(2 * time.Second)
	if s := h.status(mute); s.State != spec.CheckUp || s.Skipped != 1 || !strings.HasPrefix(s.Local, "this host is late: by 1.") {
		t.Errorf("asked late: %+v", s)
	}
	h.pass(10 * time.Second)
	if s := h.status(mute); s.State != spec.CheckDown {
		t.Errorf("asked in time: %+v", s)
	}
}

// A server that does not take part in a handshake has no such excuse: there the kernel asks.
func TestSilentWhileLate(t *testing.T) {
	h := newByHand(t)
	silent := slowly("tcp", full(t))
	h.set(silent, quick("tcp", server(t, func(net.Conn) {})))
	h.begin(silent)
	h.stall(900 * time.Millisecond)
	h.stall(900 * time.Millisecond)
	h.pass(2 * time.Second)
	if s := h.status(silent); s.State != spec.CheckDown || s.Skipped != 0 {
		t.Errorf("silent: %+v", s)
	}
}

// 10,000 checks begin within one interval, and in no tenth of a second more than twice the mean rate, also after a stall.
func TestNoBurst(t *testing.T) {
	h := newByHand(t)
	like := aCheck(1, 1)
	like.Kind, like.Interval, like.Jitter = "exec", 3*time.Second, 3*time.Second
	h.loops[0].budget = 10_000
	for _, c := range many(10_000, like) {
		standIn(h.Runner, c, succeeds)
	}
	h.turn()
	most, total := 0, 0
	for range 30 {
		before := h.begun()
		h.pass(100 * time.Millisecond)
		most = max(most, h.begun()-before)
	}
	if total = h.begun(); total < 9990 || most > 666 {
		t.Errorf("%d began in an interval, at most %d in a tenth of a second", total, most)
	}
	h.stall(30 * time.Second)
	for range 30 {
		before := h.begun()
		h.pass(100 * time.Millisecond)
		most = max(most, h.begun()-before)
	}
	if most > 700 {
		t.Errorf("%d began in a tenth of a second after a stall", most)
	}
}

// begun is how many probes began, or were under way.
func (h *byHand) begun() int {
	n := 0
	for _, c := range h.Counts().Delay.Counts {
		n += int(c)
	}
	return n
}

// Of 10,000 checks one is changed: the others keep their phase.
func TestOneChangeMovesNoOther(t *testing.T) {
	h := newByHand(t)
	list := many(10_000, aCheck(1, 1))
	h.Set(list, nil)
	turns := func() map[spec.Check]instant {
		out := map[spec.Check]instant{}
		for _, c := range h.checks {
			out[c.Check] = c.due
		}
		return out
	}
	before := turns()
	h.at.Add(int64(time.Millisecond))
	list[5000].Fall = 7
	h.Set(list, nil)
	after := turns()
	for _, c := range list {
		if c != list[5000] && before[c] != after[c] {
			t.Fatalf("%s moved by %s", c, after[c].sub(before[c]))
		}
	}
	if len(after) != 10_000 {
		t.Errorf("%d checks", len(after))
	}
}

// A check that is always late for more than half its interval is probed late, sometimes, and what passed meanwhile is counted.
func TestAlwaysLate(t *testing.T) {
	h := newByHand(t)
	defer func() { _ = h.Close() }()
	good := slowly("tcp", server(t, func(net.Conn) {}))
	h.set(good)
	c := h.checks.find(identity(good), good)
	first := onGrid(c.due, c.number, good.Interval)
	probed := func(want uint32) {
		t.Helper()
		s := h.status(good)
		if rounds := 1 + uint64(c.due.sub(first)/good.Interval); s.Count != want || s.Skipped+uint64(want) != rounds {
			t.Fatalf("%d probes and %d skipped of %d, want %d probes", s.Count, s.Skipped, rounds, want)
		}
	}
	for n := range uint32(2) {
		for range mostLeftOut {
			h.stall(11 * time.Second)
			probed(n)
		}
		h.stall(11 * time.Second)
		soon(t, "it is probed", func() bool { h.turn(); return c.stage == resting })
		probed(n + 1)
	}
}

// A check that waits for its host is probed though those that wait before it are removed together with the one that is under way.
func TestRemovedWhileWaiting(t *testing.T) {
	h := newByHand(t)
	defer func() { _ = h.Close() }()
	h.loops[0].perHost = 1
	silent, keep := slowly("http", full(t)), slowly("tcp", server(t, func(net.Conn) {}))
	h.set(silent)
	h.begin(silent)
	list := []spec.Check{silent}
	for port := range uint16(20) {
		c := keep
		c.Addr, c.Jitter = netip.AddrPortFrom(keep.Addr.Addr(), port+1), tick
		list = append(list, c)
	}
	h.set(list...)
	h.pass(2 * tick)
	keep.Jitter = tick
	h.set(append(list, keep)...)
	h.pass(2 * tick)
	if c := h.checks.find(identity(keep), keep); c.stage != waiting {
		t.Fatalf("it is at stage %d, want one that waits", c.stage)
	}
	h.set(keep)
	soon(t, "it is probed", func() bool { h.turn(); return h.status(keep).OK })
}
