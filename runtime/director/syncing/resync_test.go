package syncing_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lbsync/lbsync/runtime/connsync"
	"github.com/lbsync/lbsync/runtime/director/syncing"
	"github.com/lbsync/lbsync/spec"
)

var daemon = spec.Daemon{SyncID: 11, Interface: "sync0", Group: netip.MustParseAddr("224.0.0.81"), Port: 8848, TTL: 1, MaxLen: 1472}

// host is a director whose kernel is made up.
type host struct {
	lines   []string
	state   spec.State
	stats   spec.Stats
	release string
	slow    time.Duration // for each line
	refuse  error         // of every message
	theirs  netip.Addr    // a virtual address that another director has

	sent   []connsync.Conn
	times  []time.Time // of the messages
	closed bool
	next   int // connection that comes
	random *rand.Rand
}

func (h *host) table() *syncing.Table {
	return syncing.New(syncing.Config{
		Connections: h.connections,
		Sender:      func(spec.Daemon) (syncing.Sender, error) { return h, nil },
		Release:     func() (string, error) { return h.release, nil },
		Stats:       func(context.Context, ...spec.ServiceKey) (spec.Stats, error) { return h.stats, nil },
		State:       func(context.Context) (spec.State, error) { return h.state, nil },
		Ours: func() func(netip.Addr) bool {
			theirs := h.theirs
			return func(a netip.Addr) bool { return a != theirs }
		},
		Now: time.Now,
	})
}

func (h *host) connections(ctx context.Context, on func([]byte) error) error {
	for _, l := range h.lines {
		if h.slow > 0 {
			<-time.After(h.slow)
		}
		if err := errors.Join(ctx.Err(), on([]byte(l))); err != nil {
			return err
		}
	}
	return nil
}

func (h *host) Send(message []byte) error {
	_, conns, err := connsync.Parse(message, nil)
	h.sent = append(h.sent, conns...)
	h.times = append(h.times, time.Now())
	return errors.Join(err, h.refuse)
}

func (h *host) Close() error {
	h.closed = true
	return nil
}

func web(n int) string {
	return fmt.Sprintf("TCP 0A%06X 9C40 C0000264 0050 C0000215 0050 ESTABLISHED     898", n)
}

func many(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = web(i)
	}
	return out
}

// TestResyncCompletes: what the table does not say comes from the live services.
func TestResyncCompletes(t *testing.T) {
	marked := func(mark uint32, real string) spec.DestKey {
		return spec.DestKey{Service: spec.MarkService(mark, spec.IPv4), Addr: netip.MustParseAddrPort(real)}
	}
	h := &host{release: "6.1.0-28-amd64"}
	h.state.Services = spec.Rows[spec.ServiceKey, spec.Service]{
		{Key: spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.100:80")), Value: spec.Service{Persistence: 360}},
		{Key: spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.101:0")), Value: spec.Service{Persistence: 90}},
		{Key: spec.MarkService(7, spec.IPv4), Value: spec.Service{Persistence: 120}},
	}
	for _, k := range []spec.DestKey{marked(7, "192.0.2.21:0"), marked(7, "192.0.2.22:80"), marked(7, "192.0.2.23:0"), marked(8, "192.0.2.23:0"), marked(spec.PathMarks|7, "192.0.2.21:0")} {
		h.state.Dests = append(h.state.Dests, spec.Row[spec.DestKey, spec.Dest]{Key: k})
	}
	for _, c := range []struct {
		line          string
		mark, timeout uint32
	}{
		{"TCP C0000232 9C40 C0000264 0050 C0000215 0050 ESTABLISHED     898", 0, 0},
		{"TCP C0000232 0000 C0000264 0050 C0000215 0050 NONE             12", 0, 360},
		{"TCP C0000232 0000 C0000265 0016 C0000215 0016 ASSURED          12", 0, 90},
		{"IP  C0000232 0000 00000007 0000 C0000215 0000 NONE             12", 7, 120},
		{"TCP C0000232 9C40 C0000277 0050 C0000215 0050 ESTABLISHED     898", 7, 0}, // no service has 192.0.2.119
		{"TCP C0000232 9C40 C0000277 0050 C0000216 0050 FIN_WAIT         20", 7, 0},
		{"TCP C0000232 9C40 C0000277 0050 C0000217 0050 ESTABLISHED     898", 0, 0}, // the real server is one of two marks
		{"TCP C0000232 0000 C0000277 0050 C0000218 0050 NONE              0", 0, 1}, // its service is gone
	} {
		h.lines, h.sent, h.closed = []string{c.line, "TCP C0000232 9C40 C0000264 0050 C0000215 0050 SYN_RECV         58"}, nil, false
		got, err := h.table().Resync(t.Context(), daemon)
		if err != nil || got.Connections != 1 || got.Skipped != 1 || got.Messages != 1 || got.Partial != "" || !h.closed {
			t.Fatalf("%s: %+v, error %v, sender closed: %v", c.line, got, err, h.closed)
		}
		if h.sent[0].Mark != c.mark || h.sent[0].Timeout != c.timeout {
			t.Errorf("%s: mark %d, timeout %d; want %d, %d", c.line, h.sent[0].Mark, h.sent[0].Timeout, c.mark, c.timeout)
		}
	}
}

// TestResyncPace: 1,000 messages a second, and never more than a batch at once.
func TestResyncPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{lines: many(40 * 500), release: "6.18.0"}
		got, err := h.table().Resync(t.Context(), daemon)
		if err != nil || got.Messages != 500 || len(h.sent) != len(h.lines) || got.Took != 490*time.Millisecond {
			t.Errorf("%+v, %d arrived, error %v", got, len(h.sent), err)
		}
		for i := 10; i < len(h.times); i++ {
			if h.times[i].Equal(h.times[i-10]) {
				t.Fatalf("messages %d to %d at once", i-10, i)
			}
		}
	})
}

// TestResyncTooCostly: above the budget nothing is read, and that is said.
func TestResyncTooCostly(t *testing.T) {
	h := &host{lines: many(3), release: "6.1.0-28-amd64"}
	h.stats.Dests = []spec.DestStats{{Key: spec.DestKey{Addr: netip.MustParseAddrPort("192.0.2.21:80")}, Active: 400_000, Inactive: 500_000, Persistent: 100_000}}
	got, err := h.table().Resync(t.Context(), daemon)
	if err != nil || got.Connections+len(h.sent) != 0 || !strings.Contains(got.Partial, "1000000 connections would take about") {
		t.Errorf("%+v, error %v", got, err)
	}
	if _, err := h.table().Sample(t.Context()); !errors.Is(err, syncing.ErrTooCostly) {
		t.Errorf("sample: %v", err)
	}
	h.release = "6.14.0"
	if got, err = h.table().Resync(t.Context(), daemon); err != nil || got.Connections != 3 || got.Partial != "" {
		t.Errorf("where reading is linear: %+v, error %v", got, err)
	}
}

// TestResyncTakesLonger: the prediction may be wrong; what was read in twice the budget is sent. Sending does not count.
func TestResyncTakesLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{lines: many(8 * 1024), release: "6.18.0", slow: 10 * time.Millisecond}
		got, err := h.table().Resync(t.Context(), daemon)
		if err != nil || got.Partial == "" || got.Connections < 6000 || got.Connections > 7200 || len(h.sent) != got.Connections {
			t.Errorf("%+v, %d arrived, error %v", got, len(h.sent), err)
		}
		if _, err := h.table().Sample(t.Context()); !errors.Is(err, syncing.ErrTooCostly) {
			t.Errorf("sample: %v", err)
		}
		h = &host{lines: many(61_000), release: "6.18.0"}
		one := daemon
		one.MaxLen = 44 // a connection a message
		if got, err = h.table().Resync(t.Context(), one); err != nil || got.Partial != "" || got.Took < time.Minute {
			t.Errorf("a minute of sending: %+v, error %v", got, err)
		}
	})
}

// shifting is a table that a kernel walks, 62 lines a read, while connections come and go: up to three each between two reads, anywhere.
func (h *host) shifting(_ context.Context, on func([]byte) error) error {
	for at := 0; at < len(h.lines); at += 62 {
		for _, l := range h.lines[at:min(at+62, len(h.lines))] {
			if err := on([]byte(l)); err != nil {
				return err
			}
		}
		for range h.random.IntN(4) {
			i := h.random.IntN(len(h.lines))
			h.lines = slices.Delete(h.lines, i, i+1)
		}
		for range h.random.IntN(4) {
			h.next++
			h.lines = slices.Insert(h.lines, h.random.IntN(len(h.lines)), web(1<<23+h.next))
		}
	}
	return nil
}

// TestResyncOfBusyTable: what a walk misses while the table changes comes with the next one.
func TestResyncOfBusyTable(t *testing.T) {
	h := &host{lines: many(10_000), release: "6.1.0", random: rand.New(rand.NewPCG(1, 2))}
	table := h.table()
	table.Connections = h.shifting
	first := slices.Clone(h.lines)
	got, err := table.Resync(t.Context(), daemon)
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string]bool{}
	for _, c := range h.sent {
		if sent[c.Client.String()] {
			t.Fatalf("%s is sent twice", c.Client)
		}
		sent[c.Client.String()] = true
	}
	left := map[string]bool{}
	for _, l := range h.lines {
		left[l] = true
	}
	missed := 0
	for _, l := range first {
		if c, _, _ := connsync.ParseLine([]byte(l)); left[l] && !sent[c.Client.String()] {
			missed++
		}
	}
	if missed*1000 > len(first) {
		t.Errorf("%d of %d are missed: %+v", missed, len(first), got)
	}
}

func TestResyncFails(t *testing.T) {
	h := &host{lines: many(100), release: "6.18.0", refuse: errors.New("network is down")}
	if got, err := h.table().Resync(t.Context(), daemon); err == nil || got.Messages != 0 || len(h.times) != 1 || !h.closed || !strings.HasPrefix(err.Error(), "resync connections: network is down") {
		t.Errorf("%+v, error %v", got, err)
	}
	h = &host{lines: append(many(50), "what is this", web(51)), release: "6.18.0"}
	if got, err := h.table().Resync(t.Context(), daemon); err == nil || got.Connections+len(h.sent) != 0 {
		t.Errorf("%+v, error %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.table().Resync(ctx, daemon); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestSampleAndCover: a backup that holds three of four.
func TestSampleAndCover(t *testing.T) {
	lines := many(400)
	master := &host{lines: append(slices.Clone(lines), "TCP C0000232 9C40 C0000264 0050 C0000215 0050 SYN_RECV 58"), release: "6.1"}
	backup := &host{lines: lines[100:], release: "6.1"}
	m, err := master.table().Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := backup.table().Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := master.table().Cover(m, b)
	if c.Total != 400 || c.Sampled != 400 || c.Known != 300 || c.Share() != 0.75 || m.Version != spec.DocumentVersion || m.Taken.IsZero() {
		t.Errorf("%+v of %d, taken at %s", c, m.Total, m.Taken)
	}
}

// TestTheirs: what another director directs is not sent, but a backup's sample has it.
func TestTheirs(t *testing.T) {
	h := &host{release: "6.1", theirs: netip.MustParseAddr("192.0.2.200"), lines: append(many(5),
		"TCP C0000232 9C40 C00002C8 0050 C0000215 0050 ESTABLISHED     898", "IP  C0000232 0000 00000007 0000 C0000215 0000 NONE 12")}
	got, err := h.table().Resync(t.Context(), daemon)
	if err != nil || got.Connections != 6 || got.Skipped != 1 {
		t.Errorf("%+v, error %v", got, err)
	}
	all, err := h.table().Sample(t.Context())
	if err != nil || got.Sample.Total != 6 || len(got.Sample.Hashes) != 6 || all.Total != 7 {
		t.Errorf("%d of ours, %d in all; error %v", got.Sample.Total, all.Total, err)
	}
}

// TestParting: what is ours when a role is given away is sent afterwards, with what was opened meanwhile; a role that is lost is not.
func TestParting(t *testing.T) {
	h := &host{release: "6.1", lines: many(5)}
	table := h.table()
	after := table.Parting(daemon)
	h.theirs, h.lines = netip.MustParseAddr("192.0.2.100"), many(6)
	if got, err := after(t.Context()); err != nil || got.Connections != 6 {
		t.Errorf("%+v, error %v", got, err)
	}
	if got, err := table.Resync(t.Context(), daemon); err != nil || got.Connections != 0 || got.Skipped != 6 {
		t.Errorf("%+v, error %v", got, err)
	}
}

func TestReadCost(t *testing.T) {
	const million = 1_000_000
	for _, c := range []struct {
		v4, v6      int
		release     string
		least, most time.Duration
	}{
		{0, 0, "6.1.0", 0, 0},
		// Measured: 0.5 s, 5.1 to 7.8 s, 28 to 32 s.
		{20_000, 0, "6.1.0-28-amd64", 500 * time.Millisecond, 1500 * time.Millisecond},
		{50_000, 0, "6.1.0-28-amd64", 5 * time.Second, 8 * time.Second},
		{100_000, 0, "6.13.9", 28 * time.Second, 32 * time.Second},
		{0, 100_000, "6.13.9", 64 * time.Second, 76 * time.Second},
		{million, 0, "6.13.9", 45 * time.Minute, 50 * time.Minute},
		{million, 0, "6.14.0-rc1", 14 * time.Second, 14 * time.Second},
		{million, 0, "7.0", 14 * time.Second, 14 * time.Second},
		{million, 0, "unknown", 45 * time.Minute, 50 * time.Minute},
	} {
		if got := syncing.ReadCost(c.v4, c.v6, c.release); got < c.least || got > c.most {
			t.Errorf("%d and %d on %s: %s, want between %s and %s", c.v4, c.v6, c.release, got, c.least, c.most)
		}
	}
}
