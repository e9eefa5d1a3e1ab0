package engine

import (
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"github.com/lbsync/lbsync/runtime/vrrp"
	"github.com/lbsync/lbsync/spec"
)

func host(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 9, 0, byte(n + 1)}) }

func among(v spec.VRRP, peers ...int) spec.VRRP {
	for _, p := range peers {
		v.Peers = append(v.Peers, spec.Row[spec.PeerKey, spec.Peer]{Key: spec.PeerKey{Instance: "web", Addr: host(p)}, Value: spec.Peer{Director: fmt.Sprint("lb", p)}})
	}
	v.Peers.Sort()
	return v
}

// unicast is a change to an instance on a host.
func unicast(n int) func(*spec.Instance) {
	return func(i *spec.Instance) {
		i.Unicast, i.Source, i.Group, i.TTLMin, i.TTLMax = true, host(n), netip.Addr{}, 255, 255
	}
}

// K01: unicast goes to peers and is taken from peers; who is none is a fact with its address.
func TestK01Unicast(t *testing.T) {
	l := newLAN(t, 3)
	a, b, stranger := l.start(0), l.start(1), l.start(2)
	a.want(among(plain(101, unicast(0)), 1), nil)
	a.becomes("web", spec.VRRPMaster)
	b.want(among(plain(100, unicast(1)), 0), nil)
	b.becomes("web", spec.VRRPBackup)
	b.until("B has heard A", func(s spec.VRRPStatus) bool { return find(s, "web").Master == host(0) })
	stranger.want(among(plain(200, unicast(2)), 0), nil)
	stranger.becomes("web", spec.VRRPMaster)
	s := a.until("A has heard the stranger", func(s spec.VRRPStatus) bool { return len(find(s, "web").Speakers) > 0 })
	if i := find(s, "web"); i.State != spec.VRRPMaster || i.Speakers[0].Addr != host(2) || i.Speakers[0].Priority != 200 || i.Counters.Dropped[vrrp.UnknownPeer.String()] == 0 {
		t.Errorf("A is %+v", i)
	}
	if i := b.instance("web"); len(i.Speakers) != 0 {
		t.Errorf("B heard what was not sent to it: %+v", i)
	}
	undisturbed(t, a, b)
}

// V25: an advertisement of another virtual router on the interface is nobody's.
func TestV25OtherRouterID(t *testing.T) {
	l := newLAN(t, 2)
	a, b := l.start(0), l.start(1)
	a.want(plain(100), nil)
	b.want(plain(200, func(i *spec.Instance) { i.RouterID = 52 }), nil)
	a.becomes("web", spec.VRRPMaster)
	b.becomes("web", spec.VRRPMaster)
	sent := b.instance("web").Counters.Sent
	b.until("B has advertised on", func(s spec.VRRPStatus) bool { return find(s, "web").Counters.Sent > sent+3 })
	if i := a.instance("web"); i.State != spec.VRRPMaster || i.Counters.Received != 0 {
		t.Errorf("A is %+v", i)
	}
}

// V18: own packets are not heard, though the switch is a hub to multicast and the interface is in the group.
func TestV18OwnPackets(t *testing.T) {
	l := newLAN(t, 1)
	a := l.start(0)
	a.want(plain(100), nil)
	a.becomes("web", spec.VRRPMaster)
	a.until("A has advertised on", func(s spec.VRRPStatus) bool { return find(s, "web").Counters.Sent > 5 })
	if c := a.instance("web").Counters; c.Received != 0 || c.SendErrors != 0 {
		t.Errorf("counters are %+v", c)
	}
}

func six(priority uint8) spec.VRRP {
	v := plain(priority, func(i *spec.Instance) { i.Family, i.Group = spec.IPv6, netip.MustParseAddr("ff02::12") })
	v.Addresses = nil
	return with(v, "web", "2001:db8::100/64", "fe80::51/64")
}

// V05, V12: IPv6 goes from the link-local address, and the list begins with one.
func TestV05IPv6(t *testing.T) {
	l := newLAN(t, 2)
	a, b := l.start(0), l.start(1)
	a.want(six(101), nil)
	a.becomes("web", spec.VRRPMaster)
	a.holds("web", 2)
	b.want(six(100), nil)
	b.becomes("web", spec.VRRPBackup)
	s := b.until("B has heard A", func(s spec.VRRPStatus) bool { return find(s, "web").Master.IsValid() })
	if i := find(s, "web"); !i.Master.IsLinkLocalUnicast() || i.MasterPrio != 101 || len(i.Counters.Dropped) != 0 {
		t.Errorf("B is %+v", i)
	}
	if got := l.addresses(0, "eth0"); !got["2001:db8::100/64"] || !got["fe80::51/64"] {
		t.Errorf("A has %v", got)
	}
	undisturbed(t, a, b)
}

// V52: the virtual router of IPv6 with the same id is another one.
func TestV52FamiliesAreIndependent(t *testing.T) {
	l := newLAN(t, 1)
	a := l.start(0)
	v, w := plain(100), six(100)
	w.Instances[0].Key = "web6"
	for n := range w.Addresses {
		w.Addresses[n].Key.Instance = "web6"
	}
	v.Instances, v.Addresses = append(v.Instances, w.Instances...), append(v.Addresses, w.Addresses...)
	a.want(v, nil)
	for range 2 {
		if ev := a.next(); ev.To != spec.VRRPBackup {
			t.Errorf("%+v", ev)
		}
	}
	for range 2 {
		if ev := a.next(); ev.To != spec.VRRPMaster {
			t.Errorf("%+v", ev)
		}
	}
}

func vmac51(i *spec.Instance) { i.VMAC = true }

// V06, V56: with a virtual MAC, advertisements and addresses have it; the address moves without a change of MAC.
func TestV06VirtualMAC(t *testing.T) {
	const mac = "00:00:5e:00:01:33"
	l := newLAN(t, 3)
	a, b := l.start(0), l.start(1)
	a.want(plain(101, vmac51), nil)
	a.becomes("web", spec.VRRPMaster)
	a.holds("web", 1)
	b.want(plain(100, vmac51), nil)
	b.becomes("web", spec.VRRPBackup)
	b.until("B has heard A", func(s spec.VRRPStatus) bool { return find(s, "web").Master == host(0) })
	if _, err := exec.LookPath("ping"); err != nil {
		t.Skip("needs ping (package iputils-ping)")
	}
	ask := func(from string) {
		t.Helper()
		l.ip(l.hosts[2], "neigh flush all")
		l.run("ip", "netns", "exec", l.hosts[2], "ping", "-c1", "-W5", "10.9.0.100")
		if got := l.ip(l.hosts[2], "neigh show 10.9.0.100"); !strings.Contains(got, mac) {
			t.Errorf("%s answers with %s", from, got)
		}
		if got := l.run("bridge", "-n", l.name, "fdb", "show"); !strings.Contains(got, mac) {
			t.Errorf("the switch does not know the virtual MAC: %s", got)
		}
	}
	ask("A")
	// V55: the interface of a backup is down, so that it takes no frame to the virtual MAC.
	links := func(n int) string { return l.ip(l.hosts[n], "-br link show type macvlan") }
	if up, down := links(0), links(1); !strings.Contains(up, " UP ") || !strings.Contains(down, " DOWN ") || !strings.Contains(down, mac) {
		t.Errorf("A has %s, B has %s", up, down)
	}
	a.stop()
	if got := links(0); got != "" {
		t.Errorf("A left %s behind", got)
	}
	b.becomes("web", spec.VRRPMaster)
	b.holds("web", 1)
	ask("B")
	if got := l.addresses(0, "eth0"); len(got) != 0 {
		t.Errorf("A has %v", got)
	}
}

// W03: a password of version 2 has to be that of the master.
func TestW03Password(t *testing.T) {
	two := func(i *spec.Instance) { i.Version, i.Secret, i.Preempt = 2, "pass", false; second(i) }
	l := newLAN(t, 2)
	a, b := l.start(0), l.start(1)
	a.want(plain(101, two), map[string]string{"pass": "codis79"})
	a.becomes("web", spec.VRRPMaster)
	b.want(plain(100, two), map[string]string{"pass": "other"})
	b.becomes("web", spec.VRRPBackup)
	b.until("B has refused it", func(s spec.VRRPStatus) bool {
		return find(s, "web").Counters.Dropped[vrrp.WrongPassword.String()] > 0
	})
	b.want(plain(100, two), map[string]string{"pass": "codis79"})
	b.until("B has heard A", func(s spec.VRRPStatus) bool { return find(s, "web").Master == host(0) })
	undisturbed(t, a, b)
	b.stop()
	if strings.Contains(a.said.String()+b.said.String(), "codis79") {
		t.Error("the password is in the log")
	}
}

// Everybody who is heard by multicast is listed, since the engine does not know whose addresses are those of directors.
func TestSpeakersOfMulticast(t *testing.T) {
	_, b := pair(t)
	sp := b.instance("web").Speakers
	if len(sp) != 1 || sp[0].Addr != host(0) || sp[0].Priority != 101 || sp[0].Count == 0 {
		t.Errorf("speakers are %+v", sp)
	}
}
