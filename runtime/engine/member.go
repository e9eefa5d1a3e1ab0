package engine

import (
	"net/netip"
	"slices"
	"time"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/runtime/vrrp"
	"github.com/lbsync/lbsync/spec"
)

// member is the loop's side of an instance: one member of a group of package vrrp, which may have only this one.
type member struct {
	name    spec.InstanceKey
	inst    spec.Instance
	group   *group
	index   int // in the group
	holding *holding
	slot    *slot
	gone    bool // retired: it neither sends nor hears any more

	source  netip.Addr // what it sends from; zero until its interface is known
	why     string     // why it stands on no ground; "" is well
	out     *outlet    // its virtual MAC's; nil: that of its socket
	expect  vrrp.Expect
	advert  vrrp.Advert
	packets []kernel.AdvertPacket // one for each destination, with the effective priority
	goodbye []kernel.AdvertPacket // the same with priority 0

	trackers []*tracker // the first is its own interface
	verdicts []vrrp.Verdict
	tally    vrrp.Tally
	figures
}

// figures are counted by the loop for status. They are plain values, copied as a whole.
type figures struct {
	sent, received, zero, errors uint64
	plain, pseudo, master        uint64
	intervals, addresses         uint64
	dropped                      [vrrp.Reasons]uint64
	speakers                     [8]speaker
}

// speaker is a router that was heard with the instance's virtual router id.
type speaker struct {
	addr     netip.Addr
	priority uint8
	last     int64 // wall clock in ns, to be shown
	count    uint64
}

// newMember prepares all that is sent and expected. The loop then only fills in what its interface decides.
func newMember(v spec.VRRP, row spec.Row[spec.InstanceKey, spec.Instance], secrets map[string]string) *member {
	i := row.Value
	m := &member{name: row.Key, inst: i, advert: advertOf(row, v)}
	peers := peersOf(v, row.Key)
	if i.Secret != "" {
		m.advert.AuthType = vrrp.AuthPass
		copy(m.advert.Auth[:], secrets[i.Secret])
	}
	m.expect = vrrp.Expect{
		Version: i.Version, RouterID: i.RouterID, IPv6: i.Family == spec.IPv6, Owner: i.Priority == 255, Interval: i.Interval,
		Unicast: i.Unicast, Peers: peers, TTLMin: i.TTLMin, TTLMax: i.TTLMax, AuthType: m.advert.AuthType, Auth: m.advert.Auth, Addrs: m.advert.Addrs,
	}
	to := []netip.Addr{i.Group}
	if i.Unicast {
		to = peers
	}
	for _, dst := range to {
		m.packets = append(m.packets, kernel.AdvertPacket{Dst: dst})
		m.goodbye = append(m.goodbye, kernel.AdvertPacket{Dst: dst})
	}
	m.track(v)
	return m
}

// advertOf is what an instance advertises as long as nothing lowers its priority.
func advertOf(row spec.Row[spec.InstanceKey, spec.Instance], v spec.VRRP) vrrp.Advert {
	i := row.Value
	a := vrrp.Advert{Version: i.Version, RouterID: i.RouterID, Priority: i.Priority, Interval: i.Interval}
	if i.PseudoHeader {
		a.Sum = vrrp.SumPseudo
	}
	for _, r := range addressesOf(v, row.Key) {
		if !r.Value.Excluded {
			a.Addrs = append(a.Addrs, r.Key.Prefix.Addr())
		}
	}
	vrrp.SortAddrs(a.Addrs)
	return a
}

// config is what the state machine is to know.
func (m *member) config() vrrp.Config {
	i := m.inst
	return vrrp.Config{
		RouterID: i.RouterID, Version: i.Version, IPv6: i.Family == spec.IPv6, Priority: i.Priority, Interval: i.Interval, Preempt: i.Preempt,
		PreemptDelay: i.PreemptDelay, StartupDelay: i.StartupDelay, DownAdverts: i.DownAdverts, Source: m.source,
		Announce: vrrp.Announcing{Repeat: i.Announce.Repeat, Delay: i.Announce.Delay, Refresh: i.Announce.Refresh,
			RefreshRepeat: i.Announce.RefreshRepeat, LowerPriority: i.Announce.LowerPriority},
	}
}

// build makes the packets anew, in the memory of the old ones.
func (m *member) build(priority uint8) {
	m.advert.Priority = priority
	encode(m.packets, &m.advert, m.source)
	goodbye := m.advert
	goodbye.Priority = 0
	encode(m.goodbye, &goodbye, m.source)
}

func encode(packets []kernel.AdvertPacket, a *vrrp.Advert, source netip.Addr) {
	for n := range packets {
		p := &packets[n]
		p.Src = source
		p.Payload = vrrp.AppendAdvert(p.Payload[:0], a, source, p.Dst)
	}
}

// inherit takes over what was counted and heard, and the trackers' verdicts, from the same instance before new settings.
func (m *member) inherit(old *member) {
	m.figures, m.slot, m.source, m.why, m.out = old.figures, old.slot, old.source, old.why, old.out
	m.expect.Source, m.tally = m.source, old.tally
	for _, t := range m.trackers {
		if n := slices.IndexFunc(old.trackers, func(o *tracker) bool { return o.key == t.key }); n >= 0 {
			t.good, t.known, t.since = old.trackers[n].good, old.trackers[n].known, old.trackers[n].since
		}
	}
}

// spoke notes a speaker. The one that has been silent for longest gives way.
func (m *member) spoke(from netip.Addr, priority uint8) {
	at := &m.speakers[0]
	for n := range m.speakers {
		s := &m.speakers[n]
		if s.addr == from {
			at = s
			break
		}
		if s.last < at.last {
			at = s
		}
	}
	if at.addr != from {
		*at = speaker{addr: from}
	}
	at.priority, at.last, at.count = priority, time.Now().UnixNano(), at.count+1
}
