package engine

import (
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/runtime/vrrp"
	"github.com/lbsync/lbsync/spec"
)

// mouth is a socket that says one advertisement each time it is asked twice, and counts what it is to send.
type mouth struct {
	deaf
	says []byte
	turn bool
	sent int
}

func (m *mouth) Receive(into []kernel.AdvertDatagram) (int, error) {
	if m.turn = !m.turn; m.says == nil || !m.turn {
		return 0, nil
	}
	into[0] = kernel.AdvertDatagram{Payload: m.says, Src: host(1), Dst: netip.MustParseAddr("224.0.0.18"), TTL: 255}
	return 1, nil
}

func (m *mouth) Send(b []kernel.AdvertPacket) (int, error) {
	m.sent += len(b)
	return len(b), nil
}

// inMemory is a loop whose only socket is a mouth.
func inMemory(t *testing.T, v spec.VRRP) (*loop, *mouth) {
	t.Helper()
	l, err := newLoop(openTest(t, filepath.Join(t.TempDir(), "roles")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if l.close() != nil || l.page.close() != nil {
			t.Error("the loop does not close")
		}
	})
	m := &mouth{}
	l.orders = newOrders()
	l.setSocket(portKey{"eth0", spec.IPv4}, m)
	holdings := map[spec.InstanceKey]*holding{}
	for _, row := range v.Instances {
		l.setGround(row.Key, ground{source: host(0)})
		holdings[row.Key] = newHolding(v, row)
	}
	l.install(newDesign(v, nil, nil), holdings)
	l.flush()
	return l, m
}

// Neither to send nor to receive takes memory.
func TestNoAllocations(t *testing.T) {
	l, m := inMemory(t, plain(100))
	web := l.members["web"]
	tick := func() {
		l.now += web.inst.Interval
		l.expire()
		l.flush()
	}
	if n := testing.AllocsPerRun(100, func() {
		m.says = vrrp.AppendAdvert(m.says[:0], &vrrp.Advert{Version: 3, RouterID: 51, Priority: 200, Interval: web.inst.Interval, Addrs: web.advert.Addrs}, host(1), web.inst.Group)
		l.receive(l.sockets[web.port()])
		tick()
	}); n != 0 || web.group.machine.State() != vrrp.Backup || web.received < 100 {
		t.Errorf("as backup: %v allocations, %d received, %s", n, web.received, web.group.machine.State())
	}
	m.says = nil
	for web.group.machine.State() != vrrp.Active {
		tick()
	}
	if n := testing.AllocsPerRun(100, tick); n != 0 || m.sent < 100 {
		t.Errorf("as master: %v allocations, %d sent", n, m.sent)
	}
}

// V40: the first advertisement has left when the order to acquire is given.
func TestV40AdvertFirst(t *testing.T) {
	l, m := inMemory(t, plain(100))
	web := l.members["web"]
	for web.group.machine.State() != vrrp.Active {
		l.now += web.inst.Interval
		l.expire()
	}
	if _, o := l.orders.take(); o.role != release { // of the start: what an earlier engine left
		t.Errorf("the first order is %+v", o)
	}
	if h, o := l.orders.take(); h != nil || m.sent != 0 {
		t.Errorf("order %+v in the wake-up, with %d sent", o, m.sent)
	}
	l.flush()
	if _, o := l.orders.take(); m.sent != 1 || o.role != acquire || o.announce != 2 {
		t.Errorf("%d advertisements, order %+v", m.sent, o)
	}
}

// A thousand instances that were all due at once are served in one wake-up; wake-ups then come by the millisecond.
func TestQuantum(t *testing.T) {
	if l, _ := inMemory(t, plain(100)); l.quantum != 0 {
		t.Errorf("one instance wakes up every %s", l.quantum)
	}
	v := many(crowd+1, 100, 100*time.Millisecond)
	for n := range v.Instances {
		v.Instances[n].Value.Interface = "eth0"
	}
	l, m := inMemory(t, v)
	for range 4 {
		l.now += 100 * time.Millisecond
		l.expire()
	}
	l.flush()
	if l.quantum != time.Millisecond || m.sent != crowd+1 {
		t.Errorf("quantum %s, %d sent", l.quantum, m.sent)
	}
}

// grouped are instances i1, i2 and so on of one sync group.
func grouped(ids ...uint8) (v spec.VRRP) {
	for _, id := range ids {
		one := plain(100, func(i *spec.Instance) { i.SyncGroup, i.RouterID = "g", id })
		one.Instances[0].Key = spec.InstanceKey([]byte{'i', '0' + id})
		v.Instances = append(v.Instances, one.Instances...)
		v = with(v, one.Instances[0].Key, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 9, 1, id}), 32).String())
	}
	return v
}

// A group whose members change goes on where it can: who stays master says nothing, who goes says goodbye, who joins
// is master with the others.
func TestGroupChangesInPlace(t *testing.T) {
	l, _ := inMemory(t, grouped(1, 2))
	for l.members["i1"].group.machine.State() != vrrp.Active {
		l.now += 100 * time.Millisecond
		l.expire()
	}
	l.flush()
	serial := l.page.newest()
	next := grouped(1, 3)
	d := newDesign(next, nil, nil)
	l.setGround("i3", ground{source: host(0)})
	l.retire(d)
	l.install(d, map[spec.InstanceKey]*holding{"i1": l.members["i1"].holding, "i3": newHolding(next, next.Instances[1])})
	l.flush()
	for _, i := range []spec.InstanceKey{"i1", "i3"} {
		if s := l.members[i].group.machine.State(); s != vrrp.Active {
			t.Errorf("%s is %s", i, s)
		}
	}
	events := l.page.since(serial).Events
	if len(events) != 2 || events[0].Instance != "i2" || events[0].To != spec.VRRPInitialize || events[0].Priority != 100 ||
		events[1].Instance != "i3" || events[1].To != spec.VRRPMaster || events[1].Why != "another member of the sync group" {
		t.Errorf("events are %+v", events)
	}
}

// V54: a loop that did not run while the master advertised finds that before it takes the silence for its death. Here poll has told
// of no packet: they came after it returned.
func TestV54StarvedLoopReadsFirst(t *testing.T) {
	l, m := inMemory(t, plain(100))
	web := l.members["web"]
	m.says = vrrp.AppendAdvert(nil, &vrrp.Advert{Version: 3, RouterID: 51, Priority: 200, Interval: web.inst.Interval, Addrs: web.advert.Addrs}, host(1), web.inst.Group)
	l.watch()
	l.clock.base = l.clock.base.Add(-time.Minute)
	l.now = l.clock.now()
	l.expire()
	if s := web.group.machine.State(); s != vrrp.Backup || web.received != 1 {
		t.Errorf("it is %s after %d packets", s, web.received)
	}
	m.says = nil
	l.clock.base = l.clock.base.Add(-time.Minute)
	l.now = l.clock.now()
	l.expire()
	if s := web.group.machine.State(); s != vrrp.Active {
		t.Errorf("with nothing to read it is %s", s)
	}
}
