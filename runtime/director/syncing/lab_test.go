package syncing_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/connsync"
	"github.com/lbsync/lbsync/runtime/director/syncing"
	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/runtime/kernel/kerneltest"
	"github.com/lbsync/lbsync/spec"
)

// node is a director: a namespace of the running kernel.
type node struct {
	t  testing.TB
	ns string
	*kernel.Kernel
	net kernel.SyncNet
}

// pair is two directors with a wire between them.
func pair(t testing.TB) (a, b node) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	if k, err := kernel.Open(kernel.Options{Modprobe: true}); err != nil {
		t.Skipf("needs IPVS: %v", err)
	} else if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	names := [2]string{fmt.Sprintf("syncing-%d-%d-a", os.Getpid(), pairs), fmt.Sprintf("syncing-%d-%d-b", os.Getpid(), pairs)}
	pairs++
	for _, ns := range names {
		ip(t, "netns", "add", ns)
		t.Cleanup(func() { ip(t, "netns", "del", ns) })
	}
	ip(t, "-n", names[0], "link", "add", "sync0", "type", "veth", "peer", "name", "sync0", "netns", names[1])
	var out [2]node
	for i, ns := range names {
		ip(t, "-n", ns, "link", "set", "lo", "up")
		ip(t, "-n", ns, "addr", "add", fmt.Sprintf("192.0.2.%d/24", 11+i), "dev", "sync0")
		ip(t, "-n", ns, "link", "set", "sync0", "addrgenmode", "none")
		ip(t, "-n", ns, "link", "set", "sync0", "up")
		ip(t, "-n", ns, "addr", "add", fmt.Sprintf("fe80::%d/64", 11+i), "dev", "sync0", "nodad")
		k, err := kernel.Open(kernel.Options{Namespace: ns, Modprobe: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = k.Close() })
		out[i] = node{t, ns, k, kernel.SyncNet{Namespace: ns}}
	}
	return out[0], out[1]
}

var pairs int

func ip(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (n node) table() *syncing.Table {
	return syncing.New(syncing.Config{
		Connections: n.net.Connections,
		Sender:      func(d spec.Daemon) (syncing.Sender, error) { return n.net.Sender(d) },
		Release:     n.net.Release,
		Stats:       n.Stats,
		State:       n.ObserveFull,
		Ours:        func() func(netip.Addr) bool { return func(netip.Addr) bool { return true } },
		Now:         time.Now,
	})
}

func (n node) apply(changes ...spec.Change) {
	n.t.Helper()
	if err := errors.Join(n.Apply(n.t.Context(), changes)...); err != nil {
		n.t.Fatal(err)
	}
}

func (n node) start(role spec.Role, d spec.Daemon) {
	n.t.Helper()
	if err := n.StartDaemon(n.t.Context(), role, d); err != nil {
		n.t.Fatal(err)
	}
}

// lines are those of the connection table, without the seconds that are left.
func (n node) lines() []string {
	n.t.Helper()
	var out []string
	err := n.net.Connections(n.t.Context(), func(line []byte) error {
		f := strings.Fields(string(line))
		out = append(out, strings.Join(append(f[:8], f[9:]...), " "))
		return nil
	})
	if err != nil {
		n.t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// holds waits until the table has so many connections: the backup daemon is a thread of its own.
func (n node) holds(want int) {
	n.t.Helper()
	got := 0
	for range 2000 {
		got = 0
		stop := errors.New("enough")
		err := n.net.Connections(n.t.Context(), func([]byte) error {
			if got++; got == want {
				return stop
			}
			return nil
		})
		if errors.Is(err, stop) {
			return
		}
		if err != nil {
			n.t.Fatal(err)
		}
	}
	n.t.Fatalf("%s holds %d connections, want %d", n.ns, got, want)
}

// inject puts connections into the table of another director, through its backup daemon.
func (n node) inject(into node, conns []connsync.Conn) {
	n.t.Helper()
	d := daemon
	d.SyncID = 99
	into.start(spec.RoleBackup, d)
	s, err := n.net.Sender(d)
	if err != nil {
		n.t.Fatal(err)
	}
	p := connsync.NewPacker(d.SyncID, d.MaxLen)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	sent := 0
	for i := 0; i <= len(conns); i++ {
		if i < len(conns) && p.Add(&conns[i]) {
			continue
		}
		if msg := p.Take(); msg != nil {
			if sent++; sent%8 == 0 {
				<-tick.C
			}
			if err := s.Send(msg); err != nil {
				n.t.Fatal(err)
			}
		}
		if i < len(conns) {
			p.Add(&conns[i])
		}
	}
	if err := s.Close(); err != nil {
		n.t.Fatal(err)
	}
	into.holds(len(conns))
	if err := into.StopDaemon(n.t.Context(), spec.RoleBackup); err != nil {
		n.t.Fatal(err)
	}
}

func ap(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

var (
	vip   = spec.AddrService(spec.TCP, ap("192.0.2.100:80"))
	vip6  = spec.AddrService(spec.TCP, ap("[2001:db8::100]:80"))
	names = spec.AddrService(spec.UDP, ap("192.0.2.100:53"))
	radio = spec.AddrService(spec.SCTP, ap("192.0.2.100:36412"))
	sip   = spec.AddrService(spec.UDP, ap("192.0.2.100:5060"))
	mark  = spec.MarkService(7, spec.IPv4)
)

// services are the same on both directors.
func (n node) services() {
	n.t.Helper()
	var out []spec.Change
	for _, s := range []struct {
		key   spec.ServiceKey
		value spec.Service
		real  string
	}{
		{vip, spec.Service{Scheduler: "rr", Persistence: 360, Netmask: 32}, "192.0.2.21:80"},
		{vip6, spec.Service{Scheduler: "rr"}, "[2001:db8::21]:80"},
		{names, spec.Service{Scheduler: "rr"}, "192.0.2.21:53"},
		{radio, spec.Service{Scheduler: "rr"}, "192.0.2.21:36412"},
		{sip, spec.Service{Scheduler: "rr", Persistence: 60, Netmask: 32, Engine: "sip"}, "192.0.2.21:5060"},
		{mark, spec.Service{Scheduler: "rr", Persistence: 120, Netmask: 32}, "192.0.2.23:0"},
	} {
		out = append(out, kerneltest.Add(s.key, s.value), kerneltest.Add(spec.DestKey{Service: s.key, Addr: ap(s.real)}, spec.Dest{Weight: 1, Forward: spec.DR}))
	}
	n.apply(out...)
}

// kinds are connections in every state that the protocol can carry, most of which are not synchronised.
func kinds() (out []connsync.Conn, synced int) {
	client := ap("198.51.100.7:40000")
	conn := func(proto uint8, state uint16, flags uint32, virtual, real string) {
		client = netip.AddrPortFrom(client.Addr(), client.Port()+1)
		out = append(out, connsync.Conn{Proto: proto, State: state, Flags: flags, Timeout: 500, Client: client, Virtual: ap(virtual), Real: ap(real)})
	}
	for state := range uint16(11) {
		conn(connsync.TCP, state, 0, "192.0.2.100:80", "192.0.2.21:80")
	}
	for state := range uint16(14) {
		conn(connsync.SCTP, state, 0, "192.0.2.100:36412", "192.0.2.21:36412")
	}
	synced += 5 + 5
	for range 5 {
		conn(connsync.UDP, 0, connsync.FlagInactive, "192.0.2.100:53", "192.0.2.21:53")
		conn(connsync.TCP, 1, 0, "203.0.113.9:443", "192.0.2.23:443") // of the firewall mark
	}
	client = ap("[2001:db8:1::7]:40000")
	for range 6 {
		conn(connsync.TCP, 1, 0, "[2001:db8::100]:80", "[2001:db8::21]:80")
	}
	template := func(c connsync.Conn) {
		c.Flags, c.Timeout, c.Client = connsync.FlagTemplate, 500, ap("198.51.100.7:0")
		out = append(out, c)
	}
	template(connsync.Conn{Proto: connsync.TCP, Virtual: ap("192.0.2.100:80"), Real: ap("192.0.2.21:80")})
	template(connsync.Conn{Proto: connsync.UDP, State: 1, Virtual: ap("192.0.2.100:5060"), Real: ap("192.0.2.21:5060"), Engine: "sip", EngineData: []byte("a84b4c76e66710@pc33")})
	template(connsync.Conn{Proto: connsync.IP, Mark: 7, Virtual: ap("0.0.0.7:0"), Real: ap("192.0.2.23:0")})
	for i := range out {
		if out[i].Virtual.Port() == 443 {
			out[i].Mark = 7
		}
	}
	return out, synced + 2*5 + 6 + 3
}

// TestResyncAllKinds: the backup holds everything that can be synchronised, bound to the real servers it goes to, and with the timeouts
// of a connection that was just used.
func TestResyncAllKinds(t *testing.T) {
	a, b := pair(t)
	a.services()
	b.services()
	conns, synced := kinds()
	b.inject(a, conns)
	b.start(spec.RoleBackup, daemon)
	got, err := a.table().Resync(t.Context(), daemon)
	if err != nil || got.Connections != synced || got.Skipped != len(conns)-synced || got.Partial != "" {
		t.Fatalf("%+v, error %v; want %d of %d", got, err, synced, len(conns))
	}
	b.holds(synced)
	var want []string
	for _, l := range a.lines() {
		f := strings.Fields(l)
		if _, is, _ := connsync.ParseLine([]byte(strings.Join(f[:8], " ") + " 1 " + strings.Join(f[8:], " "))); is {
			want = append(want, l)
		}
	}
	if lines := b.lines(); !slices.Equal(lines, want) {
		t.Errorf("the backup holds\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	b.bound(t)
	b.left(t)
	ma, err := a.table().Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mb, err := b.table().Sample(t.Context())
	if c := a.table().Cover(ma, mb); err != nil || c.Sampled != synced || c.Known != synced {
		t.Errorf("coverage %+v, error %v", c, err)
	}
}

// TestResyncOverIPv6: the group is one of IPv6, and a backup daemon with id 0 takes every id.
func TestResyncOverIPv6(t *testing.T) {
	a, b := pair(t)
	a.services()
	b.services()
	conns, synced := kinds()
	b.inject(a, conns)
	d := daemon
	d.Group, d.MaxLen = netip.MustParseAddr("ff02::81"), 1452
	listener, err := b.net.Listener(d)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	all := d
	all.SyncID = 0
	b.start(spec.RoleBackup, all)
	if got, err := a.table().Resync(t.Context(), d); err != nil || got.Connections != synced {
		t.Fatalf("%+v, error %v", got, err)
	}
	b.holds(synced)
	if h, from, err := listener.Receive(time.Minute); err != nil || from.String() != "fe80::11" || h.SyncID != d.SyncID {
		t.Errorf("%+v from %s, error %v", h, from, err)
	}
}

// bound: all connections are counted at the real servers, those of the firewall mark too.
func (n node) bound(t *testing.T) {
	t.Helper()
	stats, err := n.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[spec.ServiceKey][3]uint32{vip: {1, 4, 1}, vip6: {6, 0, 0}, names: {0, 5, 0}, radio: {1, 4, 0}, sip: {0, 0, 1}, mark: {5, 0, 1}}
	for _, d := range stats.Dests {
		if got := [3]uint32{d.Active, d.Inactive, d.Persistent}; got != want[d.Key.Service] {
			t.Errorf("%s has %v connections active, inactive and persistent, want %v", d.Key, got, want[d.Key.Service])
		}
	}
}

// left looks at the timeouts: they were 500 s at the master.
func (n node) left(t *testing.T) {
	t.Helper()
	err := n.net.Connections(t.Context(), func(line []byte) error {
		c, _, err := connsync.ParseLine(line)
		var most uint32
		switch {
		case c.Proto == connsync.TCP && c.State == 1 && !c.Template():
			most = 900
		case c.Proto == connsync.UDP && !c.Template():
			most = 300
		case c.Template() && c.Mark == 7:
			most = 120
		case c.Template() && c.Engine == "sip":
			most = 60
		case c.Template():
			most = 360
		default:
			return err
		}
		if c.Timeout > most || c.Timeout+30 < most {
			t.Errorf("%s: want about %d s", line, most)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestListenerBesideTheKernel: the kernel's master daemon speaks; the other side's backup daemon and the listener both get it.
func TestListenerBesideTheKernel(t *testing.T) {
	a, b := pair(t)
	a.services()
	b.services()
	d := daemon
	d.SyncID = 42
	l := syncing.NewListener(func(d spec.Daemon) (syncing.Socket, error) { return b.net.Listener(d) }, time.Now)
	defer func() { _ = l.Close() }()
	own := syncing.NewListener(func(d spec.Daemon) (syncing.Socket, error) { return a.net.Listener(d) }, time.Now)
	defer func() { _ = own.Close() }()
	l.Watch(d)
	own.Watch(d)
	b.start(spec.RoleBackup, d)
	a.start(spec.RoleMaster, d)
	a.apply(kerneltest.Edit(spec.SysctlKey("net.ipv4.vs.sync_threshold"), spec.Setting("0 1")))
	a.knock(t)
	b.holds(1)
	select {
	case <-l.Changed():
	case <-time.After(time.Minute):
		t.Fatal("the listener heard nothing")
	}
	got := l.Speakers()
	if len(got) != 1 || got[0].SyncID != 42 || got[0].Addr.String() != "192.0.2.11" || got[0].Interface != "sync0" || got[0].Count == 0 {
		t.Errorf("%+v", got)
	}
	if heard := own.Speakers(); len(heard) != 0 {
		t.Errorf("the master hears itself: %+v", heard)
	}
}

// knock sends datagrams to a service from the director itself.
func (n node) knock(t *testing.T) {
	t.Helper()
	ip(t, "-n", n.ns, "addr", "add", "192.0.2.100/32", "dev", "lo")
	cmd := exec.Command("ip", "netns", "exec", n.ns, "bash", "-c", "exec 3<>/dev/udp/192.0.2.100/53; for i in 1 2 3 4 5; do echo >&3; done")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
