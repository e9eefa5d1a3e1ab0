package line

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lbsync/lbsync/spec"
)

// memory is an Engine that keeps what it is told.
type memory struct {
	vrrp    spec.VRRP
	secrets map[string]string
	good    map[spec.TrackerKey]bool
	handed  spec.InstanceKey
	waiting chan struct{} // a call of Events began
	left    chan struct{} // its context ended
}

func (m *memory) Wanted(context.Context) (spec.VRRP, error) { return m.vrrp, nil }

func (m *memory) Want(_ context.Context, v spec.VRRP, s map[string]string) error {
	if len(v.Instances) == 0 {
		return errors.New("no instance")
	}
	m.vrrp, m.secrets = v, s
	return nil
}

func (m *memory) Verdict(_ context.Context, k spec.TrackerKey, good bool) error {
	m.good[k] = good
	return nil
}

func (m *memory) Handover(_ context.Context, i spec.InstanceKey) error {
	m.handed = i
	return nil
}

func (m *memory) Status(context.Context) (spec.VRRPStatus, error) {
	return spec.VRRPStatus{Version: 1, Instances: []spec.InstanceStatus{{Name: "a", Counters: spec.VRRPCounters{Dropped: map[string]uint64{"ttl": 3}}}}}, nil
}

func (m *memory) Events(ctx context.Context, after uint64) (spec.VRRPEvents, error) {
	if after < 7 {
		return spec.VRRPEvents{Events: []spec.VRRPEvent{{Serial: 7, Instance: "a", To: spec.VRRPMaster}}, Lost: 6 - after}, nil
	}
	close(m.waiting)
	<-ctx.Done()
	close(m.left)
	return spec.VRRPEvents{}, ctx.Err()
}

func serving(t *testing.T) (*memory, string) {
	t.Helper()
	m := &memory{good: map[spec.TrackerKey]bool{}, waiting: make(chan struct{}), left: make(chan struct{})}
	path := filepath.Join(t.TempDir(), "run", "engine.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	ctx, stop := context.WithCancel(context.Background())
	go func() { done <- Serve(ctx, l, m, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return m, path
}

func dial(t *testing.T, path string) *Client {
	t.Helper()
	c, err := Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func wanted(addresses int) spec.VRRP {
	v := spec.VRRP{Instances: spec.Rows[spec.InstanceKey, spec.Instance]{{Key: "a", Value: spec.Instance{Interface: "eth0", RouterID: 7, Group: netip.MustParseAddr("224.0.0.18")}}}}
	addr := netip.MustParseAddr("10.0.0.1")
	for range addresses {
		v.Addresses = append(v.Addresses, spec.Row[spec.AddressKey, spec.Address]{Key: spec.AddressKey{Instance: "a", Prefix: netip.PrefixFrom(addr, 32)}, Value: spec.Address{Device: "eth0", Scope: "global"}})
		addr = addr.Next()
	}
	return v
}

var addrs = cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})

// A state of many packets arrives as it was sent, and what it replaced is gone.
func TestEveryCall(t *testing.T) {
	m, path := serving(t)
	c, ctx := dial(t, path), t.Context()
	v := wanted(4000)
	if b, err := encode(v); err != nil || len(b) < 2*packetSize {
		t.Fatalf("the state has %d bytes, %v: it must not fit one packet", len(b), err)
	}
	key := spec.TrackerKey{Instance: "a", Watch: spec.WatchScript, Name: "s"}
	if err := errors.Join(c.Want(ctx, wanted(1), nil), c.Want(ctx, v, map[string]string{"pass": "x"}), c.Verdict(ctx, key, true), c.Handover(ctx, "a")); err != nil {
		t.Fatal(err)
	}
	got, err := c.Wanted(ctx)
	if err != nil || !cmp.Equal(got, v, addrs) {
		t.Fatalf("wanted is not what was sent: %d addresses, %v", len(got.Addresses), err)
	}
	if m.secrets["pass"] != "x" || !m.good[key] || m.handed != "a" {
		t.Errorf("engine holds %v %v %q", m.secrets, m.good, m.handed)
	}
	if s, err := c.Status(ctx); err != nil || s.Instances[0].Counters.Dropped["ttl"] != 3 {
		t.Errorf("status %+v, %v", s, err)
	}
	if e, err := c.Events(ctx, 2); err != nil || len(e.Events) != 1 || e.Events[0].Serial != 7 || e.Lost != 4 {
		t.Errorf("events %+v, %v", e, err)
	}
}

// The reason of a refusal is the engine's, and the state stays.
func TestRefusal(t *testing.T) {
	m, path := serving(t)
	m.vrrp = wanted(1)
	err := dial(t, path).Want(t.Context(), spec.VRRP{}, nil)
	if err == nil || err.Error() != "give engine its wanted state: no instance" {
		t.Errorf("error is %v", err)
	}
	if len(m.vrrp.Instances) != 1 {
		t.Error("the refused state was taken")
	}
}

// A client that stops waiting frees its place in the engine, and is told by its own context.
func TestEventsEndWithTheirClient(t *testing.T) {
	m, path := serving(t)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		<-m.waiting
		stop()
	}()
	if _, err := dial(t, path).Events(ctx, 7); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	<-m.left
}

// leaving is an Engine whose last event comes when it stops.
type leaving struct{ memory }

func (l *leaving) Events(ctx context.Context, _ uint64) (spec.VRRPEvents, error) {
	close(l.waiting)
	<-ctx.Done()
	return spec.VRRPEvents{Events: []spec.VRRPEvent{{Serial: 8, To: spec.VRRPInitialize}}}, nil
}

// Whoever waits hears of the stop itself before Serve returns and the process ends.
func TestStopIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	e := &leaving{memory{waiting: make(chan struct{})}}
	got := make(chan error, 1)
	go func() {
		<-e.waiting
		stop()
	}()
	client := dial(t, path)
	go func() {
		events, err := client.Events(context.Background(), 7)
		if err == nil && events.Events[0].Serial != 8 {
			err = fmt.Errorf("events are %+v", events)
		}
		got <- err
	}()
	if err := Serve(ctx, l, e, slog.New(slog.DiscardHandler)); err != nil {
		t.Error(err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
}

func raw(t *testing.T, path string, packets ...[]byte) string {
	t.Helper()
	conn, err := net.Dial("unixpacket", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, p := range packets {
		if _, err := conn.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	how, reason, err := receive(conn)
	if errors.Is(err, syscall.ECONNRESET) {
		how, reason, err = receive(conn) // see readRefusal
	}
	if err != nil || how != refused {
		t.Fatalf("answer %x, %v", how, err)
	}
	return string(reason)
}

func TestGarbageIsRefused(t *testing.T) {
	body, err := encode(wantBody{VRRP: wanted(1)})
	if err != nil {
		t.Fatal(err)
	}
	good := append(head(askWant, body), body...)
	changed := func(at int, to byte) []byte {
		b := bytes.Clone(good)
		b[at] = to
		return b
	}
	large := bytes.Clone(good)
	binary.BigEndian.PutUint64(large[8:], bodyMax+1)
	for _, tt := range []struct {
		name    string
		packets [][]byte
		want    string
	}{
		{"noise", [][]byte{[]byte("GET / HTTP/1.1\r\n\r\n")}, "not a message"},
		{"short", [][]byte{good[:headSize-1]}, "not a message"},
		{"other version", [][]byte{changed(5, version+1)}, "different releases"},
		{"unknown request", [][]byte{append(head(99, nil), nil...)}, "request 99 is not known"},
		{"too large", [][]byte{large}, "are the most"},
		{"damaged", [][]byte{changed(len(good)-1, good[len(good)-1]^1)}, "damaged"},
		{"too long", [][]byte{append(bytes.Clone(good), 0)}, "damaged"},
		{"no gob", [][]byte{append(head(askWant, []byte("xyz")), "xyz"...)}, "read request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, path := serving(t)
			if reason := raw(t, path, tt.packets...); !strings.Contains(reason, tt.want) {
				t.Errorf("reason is %q", reason)
			}
			if len(m.vrrp.Instances) != 0 {
				t.Error("a state was taken")
			}
		})
	}
}

// A client that connected and says nothing takes no other client's time.
func TestSilentClientBlocksNobody(t *testing.T) {
	_, path := serving(t)
	conn, err := net.Dial("unixpacket", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := dial(t, path).Status(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNoEngine(t *testing.T) {
	if _, err := Dial(filepath.Join(t.TempDir(), "none")); !errors.Is(err, ErrUnreachable) {
		t.Errorf("error is %v", err)
	}
}

func TestListenReplacesOnlyWhatIsDead(t *testing.T) {
	_, path := serving(t)
	if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "another engine answers") {
		t.Errorf("beside a live engine: %v", err)
	}
	dead := filepath.Join(t.TempDir(), "dead")
	l, err := Listen(dead)
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err = Listen(dead); err != nil {
		t.Fatalf("over a dead engine's socket: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(file); err == nil || !strings.Contains(err.Error(), "another kind of file") {
		t.Errorf("over a file: %v", err)
	}
}

func TestOtherUsersAreRefused(t *testing.T) {
	if path := os.Getenv("LBSYNC_TEST_SOCKET"); path != "" {
		_, err := dial(t, path).Status(t.Context())
		_, _ = io.WriteString(os.Stderr, err.Error())
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root: a process of another user must ask")
	}
	_, path := serving(t)
	// The folder and the socket are opened to all, so that the uid alone is what keeps others out.
	for dir := filepath.Dir(path); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(filepath.Dir(path), "test")
	if b, err := os.ReadFile(os.Args[0]); err != nil || os.WriteFile(exe, b, 0o755) != nil {
		t.Fatal("copy of the test program:", err)
	}
	cmd := exec.Command(exe, "-test.run=^TestOtherUsersAreRefused$")
	cmd.Env = append(os.Environ(), "LBSYNC_TEST_SOCKET="+path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil || !strings.Contains(said.String(), "uid 65534 may not use the engine's socket") {
		t.Errorf("the other user was told %q, %v", said.String(), err)
	}
}
