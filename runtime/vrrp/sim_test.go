package vrrp_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
)

// sim is a few routers on a network under a virtual clock. Messages really are encoded and parsed. It acts as a driver does, and
// checks at each moment what must hold at all times.
type sim struct {
	now      time.Duration
	nodes    []*node
	flight   []packet
	order    int
	delay    time.Duration
	loss     float64
	cuts     map[lane]bool
	lose     map[lane]int
	rand     *rand.Rand
	dual     map[lane]time.Duration // since when both ends of a lane are Active
	trace    []string
	problems []string
}

// lane is one direction between two nodes on one segment.
type lane struct {
	from, to string
	segment  int
}

type packet struct {
	at    time.Duration
	order int
	lane  lane
	from  vrrp.Origin
	msg   []byte
}

// node is a router with a member on each segment.
type node struct {
	name    string
	wire    wire
	configs []vrrp.Config
	tallies []vrrp.Tally
	group   *vrrp.Group // nil: not running
	paused  bool
	inbox   []packet
	held    []bool
	into    vrrp.Advert
	drops   map[vrrp.Reason]int
}

// wire is how a node's messages look.
type wire struct {
	unicast bool
	auth    uint8
	pass    [8]byte
	sum     vrrp.Sum
}

func newSim(seed uint64) *sim {
	return &sim{delay: time.Millisecond, cuts: map[lane]bool{}, lose: map[lane]int{}, dual: map[lane]time.Duration{}, rand: rand.New(rand.NewPCG(seed, 1))}
}

func (s *sim) node(name string) *node {
	for _, n := range s.nodes {
		if n.name == name {
			return n
		}
	}
	panic("no node " + name)
}

func (s *sim) printf(format string, args ...any) {
	s.trace = append(s.trace, fmt.Sprintf("%-9s ", s.now)+fmt.Sprintf(format, args...))
}

// problem keeps the first few: one fault shows at each later moment.
func (s *sim) problem(format string, args ...any) {
	if len(s.problems) == 5 {
		return
	}
	s.problems = append(s.problems, fmt.Sprintf("%s: ", s.now)+fmt.Sprintf(format, args...))
}

// boot starts a node that is not running.
func (s *sim) boot(n *node, e vrrp.Event) {
	n.group, n.inbox, n.paused = vrrp.NewGroup(n.configs...), nil, false
	for i, t := range n.tallies {
		s.step(n, i, vrrp.Tracked(t))
	}
	s.step(n, 0, e)
}

// kill ends a node without a word. The addresses stay on a machine whose router died; they count as gone here, as by a power cut.
func (s *sim) kill(n *node) {
	n.group, n.inbox = nil, nil
	clear(n.held)
}

func (s *sim) step(n *node, member int, e vrrp.Event) {
	before := n.group.State()
	for _, f := range n.group.Step(s.now, member, e) {
		s.carryOut(n, f)
	}
	for i, held := range n.held {
		if held != (n.group.State() == vrrp.Active) {
			s.problem("%s/%d %s -> %s and holds addresses: %v", n.name, i, before, n.group.State(), held)
		}
	}
}

func (s *sim) carryOut(n *node, f vrrp.Effect) {
	who := n.name
	if len(n.configs) > 1 {
		who = fmt.Sprintf("%s/%d", n.name, f.Member)
	}
	switch f.Do {
	case vrrp.Send:
		if f.Priority == 0 {
			s.printf("%s advertises priority 0", who)
		}
		s.send(n, f.Member, f.Priority)
	case vrrp.Acquire:
		n.held[f.Member] = true
	case vrrp.Release:
		n.held[f.Member] = false
	case vrrp.Announce:
		s.printf("%s announces: %s, %d times", who, f.Burst, f.Repeat)
	case vrrp.Changed:
		s.printf("%s %s -> %s: %s%s", who, f.From, f.To, f.Why, s.peer(f))
	}
}

func (s *sim) peer(f vrrp.Effect) string {
	if !f.Peer.IsValid() {
		return ""
	}
	return fmt.Sprintf(" (%s, priority %d)", f.Peer, f.PeerPriority)
}

// addresses of the segments: one virtual address each.
func virtual(segment int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(segment + 1)}) }

func (s *sim) send(n *node, segment int, priority uint8) {
	c := n.configs[segment]
	a := vrrp.Advert{Version: c.Version, RouterID: c.RouterID, Priority: priority, Interval: c.Interval, Sum: n.wire.sum,
		AuthType: n.wire.auth, Auth: n.wire.pass, Addrs: []netip.Addr{virtual(segment)}}
	if err := a.Check(); err != nil {
		panic(err)
	}
	for _, to := range s.nodes {
		if to == n {
			continue
		}
		dst, ttl := netip.MustParseAddr("224.0.0.18"), uint8(255)
		if n.wire.unicast {
			dst, ttl = to.configs[segment].Source, 64
		}
		l := lane{n.name, to.name, segment}
		if s.lost(l) {
			delete(s.dual, l)
			delete(s.dual, lane{to.name, n.name, segment})
			continue
		}
		s.order++
		s.flight = append(s.flight, packet{s.now + s.delay, s.order, l, vrrp.Origin{Src: c.Source, Dst: dst, TTL: ttl}, vrrp.AppendAdvert(nil, &a, c.Source, dst)})
	}
}

func (s *sim) lost(l lane) bool {
	if s.lose[l] > 0 {
		s.lose[l]--
		return true
	}
	return s.cuts[l] || s.rand.Float64() < s.loss
}

// expect is what the node takes on a segment.
func (s *sim) expect(n *node, segment int) *vrrp.Expect {
	c := n.configs[segment]
	e := &vrrp.Expect{Version: c.Version, RouterID: c.RouterID, Owner: c.Priority == 255, Interval: c.Interval, Source: c.Source, Unicast: n.wire.unicast,
		TTLMin: 60, TTLMax: 64, AuthType: n.wire.auth, Auth: n.wire.pass, Addrs: []netip.Addr{virtual(segment)}}
	for _, peer := range s.nodes {
		if peer != n {
			e.Peers = append(e.Peers, peer.configs[segment].Source)
		}
	}
	return e
}

func (s *sim) receive(n *node, p packet) {
	if r := vrrp.ParseAdvert(&n.into, p.msg, p.from, s.expect(n, p.lane.segment)); r != vrrp.Accepted {
		n.drops[r]++
		return
	}
	s.step(n, p.lane.segment, vrrp.Heard(p.from.Src, &n.into))
}

// drain reads what arrived while the node did not run.
func (s *sim) drain(n *node) {
	inbox := n.inbox
	n.inbox = nil
	for _, p := range inbox {
		s.receive(n, p)
	}
}

// wake lets a node do what is due, in the order that a driver may choose at worst: timers first, unless they are late.
func (s *sim) wake(n *node) {
	if n.group == nil || n.paused {
		return
	}
	if n.group.Late(s.now) {
		s.drain(n)
	}
	for range 100 {
		if at, ok := n.group.Deadline(); !ok || at > s.now {
			s.drain(n)
			return
		}
		s.step(n, 0, vrrp.Timer())
	}
	panic(fmt.Sprintf("%s: the deadline of %s does not pass", s.now, n.name))
}

// next is the next moment at which something happens, at most the given one.
func (s *sim) next(limit time.Duration) time.Duration {
	for _, p := range s.flight {
		limit = min(limit, p.at)
	}
	for _, n := range s.nodes {
		if n.group != nil && !n.paused {
			if at, ok := n.group.Deadline(); ok {
				limit = min(limit, max(at, s.now))
			}
		}
	}
	return limit
}

// run goes on to a moment.
func (s *sim) run(until time.Duration) {
	for {
		s.deliver()
		for _, n := range s.nodes {
			s.wake(n)
		}
		s.check()
		if s.now == until && s.next(until+1) > until {
			return
		}
		s.now = s.next(until)
	}
}

func (s *sim) deliver() {
	slices.SortFunc(s.flight, func(a, b packet) int { return a.order - b.order })
	s.flight = slices.DeleteFunc(s.flight, func(p packet) bool {
		if p.at > s.now {
			return false
		}
		if n := s.node(p.lane.to); n.group != nil {
			n.inbox = append(n.inbox, p)
		}
		return true
	})
}

// check: where messages flow, two routers are Active on a segment for at most an interval and the way of a message.
func (s *sim) check() {
	for _, a := range s.nodes {
		for _, b := range s.nodes {
			if a.name == b.name {
				continue
			}
			for segment, c := range a.configs {
				l := lane{a.name, b.name, segment}
				back := lane{b.name, a.name, segment}
				if !active(a) || !active(b) || s.cuts[l] || s.cuts[back] {
					delete(s.dual, l)
					continue
				}
				since, ok := s.dual[l]
				if !ok {
					s.dual[l] = s.now
				} else if limit := max(c.Interval, b.configs[segment].Interval) + s.delay; s.now-since > limit {
					s.problem("%s and %s are Active on segment %d since %s", a.name, b.name, segment, since)
					s.dual[l] = s.now
				}
			}
		}
	}
}

func active(n *node) bool { return n.group != nil && !n.paused && n.group.State() == vrrp.Active }

// states is "A=Active B=Backup".
func (s *sim) states() string {
	var out []string
	for _, n := range s.nodes {
		state := "down"
		if n.group != nil {
			state = n.group.State().String()
		}
		out = append(out, n.name+"="+state)
	}
	return strings.Join(out, " ")
}
