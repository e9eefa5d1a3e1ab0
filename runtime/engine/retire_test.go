package engine

import (
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
	"github.com/lbsync/lbsync/spec"
)

// Between retire and install the holder works, for as long as it takes, and the rest of a group goes on: what a member was that is
// retired neither sends nor hears, orders nothing, tells of nothing, and draws nobody into a fault.
func TestRetiredMemberIsNoPartOfItsGroup(t *testing.T) {
	v := grouped(1, 2)
	l, m := inMemory(t, v)
	for l.members["i1"].group.machine.State() != vrrp.Active {
		l.now += 100 * time.Millisecond
		l.expire()
	}
	l.flush()
	for h, _ := l.orders.take(); h != nil; h, _ = l.orders.take() {
	}
	serial, kept, gone := l.page.newest(), l.members["i1"], l.members["i2"]
	l.retire(newDesign(grouped(1), nil, nil))
	l.flush()
	if h, o := l.orders.take(); h != gone.holding || o.role != release {
		t.Fatalf("the first order is %+v for %v", o, h)
	}

	sent := m.sent
	l.now += 100 * time.Millisecond
	l.expire()
	m.says = vrrp.AppendAdvert(nil, &vrrp.Advert{Version: 3, RouterID: 2, Priority: 200, Interval: gone.inst.Interval, Addrs: gone.advert.Addrs}, host(1), gone.inst.Group)
	l.receive(l.sockets[gone.port()])
	l.setGround("i2", ground{why: "interface eth0 is missing"})
	l.observe(gone.trackers[0], l.now, true)
	l.observe(gone.trackers[0], l.now, false)
	l.flush()
	if s := kept.group.machine.State(); s != vrrp.Active || m.sent != sent+1 || gone.received != 0 {
		t.Errorf("the group is %s, %d sent, %d heard by the one that is retired", s, m.sent-sent, gone.received)
	}

	l.setGround("i1", ground{why: "interface eth0 is missing"})
	l.flush()
	if h, o := l.orders.take(); h != kept.holding || o.role != release {
		t.Errorf("order %+v for %v, want the release of the other member", o, h)
	}
	if h, o := l.orders.take(); h != nil {
		t.Errorf("another order: %+v for %s", o, h.name)
	}
	var told []spec.InstanceKey
	for _, e := range l.page.since(serial).Events {
		told = append(told, e.Instance)
	}
	if len(told) != 2 || told[0] != "i2" || told[1] != "i1" {
		t.Errorf("told of %v, want i2's end and i1's fault", told)
	}
}
