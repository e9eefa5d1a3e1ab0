package probe

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// echoes is the raw socket by which all pings of one address family go, open while one is under way: a socket each would get every
// ICMP packet of the host, and the unprivileged kind needs net.ipv4.ping_group_range.
type echoes struct {
	family family

	mu      sync.Mutex
	conn    *icmp.PacketConn
	id      int
	last    uint16
	waiting map[uint16]*waiter // by sequence number
}

// waiter is one ping under way.
type waiter struct {
	to    netip.Addr
	token [8]byte     // that the reply brings back
	heard chan Result // has room for one
}

var (
	echoes4 = echoes{family: family{network: "ip4:icmp", any: "0.0.0.0", protocol: 1, request: ipv4.ICMPTypeEcho, reply: ipv4.ICMPTypeEchoReply, filter: filter4, send: send4, inner: inner4, unreachable: unreachable4}}
	echoes6 = echoes{family: family{network: "ip6:ipv6-icmp", any: "::", protocol: 58, request: ipv6.ICMPTypeEchoRequest, reply: ipv6.ICMPTypeEchoReply, filter: filter6, send: send6, inner: inner6, unreachable: unreachable6}}
)

// enter reserves a sequence number, and opens the socket for the first.
func (s *echoes) enter(w *waiter) (uint16, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		if err := s.open(); err != nil {
			return 0, err
		}
	}
	for range 1 << 16 {
		s.last++
		if s.waiting[s.last] == nil {
			s.waiting[s.last] = w
			return s.last, nil
		}
	}
	return 0, errors.New("65536 pings are under way, and there is no sequence number left")
}

func (s *echoes) open() error {
	conn, err := icmp.ListenPacket(s.family.network, s.family.any)
	if errors.Is(err, syscall.EPERM) {
		return errors.New("this process may not open a raw socket: it lacks the capability NET_RAW")
	}
	if err == nil {
		err = s.family.filter(conn)
	}
	if err != nil {
		return fmt.Errorf("open raw socket: %w", err)
	}
	s.conn, s.id, s.waiting = conn, int(uint16(rand.Uint32())), map[uint16]*waiter{}
	go s.read(conn, s.id)
	return nil
}

// leave gives a sequence number back, and closes the socket after the last.
func (s *echoes) leave(seq uint16, w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting[seq] == w { // and not one of a socket that was opened since
		delete(s.waiting, seq)
	}
	if len(s.waiting) == 0 && s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

func (s *echoes) send(seq uint16, w *waiter, bind netip.Addr) error {
	s.mu.Lock()
	conn, id := s.conn, s.id
	s.mu.Unlock()
	if conn == nil {
		return net.ErrClosed
	}
	m := icmp.Message{Type: s.family.request, Body: &icmp.Echo{ID: id, Seq: int(seq), Data: w.token[:]}}
	b, err := m.Marshal(nil) // the kernel writes the checksum of ICMPv6
	if err != nil {
		return err
	}
	return s.family.send(conn, b, bind, w.to)
}

// read hands out what comes until the socket is closed.
func (s *echoes) read(conn *icmp.PacketConn, id int) {
	b := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(b)
		if err != nil {
			s.broken(conn, err)
			return
		}
		if m, err := icmp.ParseMessage(s.family.protocol, b[:n]); err == nil {
			s.take(m, id, from)
		}
	}
}

// broken ends what waits at a socket that fails without being closed.
func (s *echoes) broken(conn *icmp.PacketConn, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != conn {
		return // closed after the last ping
	}
	_ = conn.Close()
	s.conn = nil
	for _, w := range s.waiting {
		w.tell(local("ping %v: read raw socket: %v", w.to, err))
	}
}

// take gives a reply, or an error that quotes a request, to the ping it is for.
func (s *echoes) take(m *icmp.Message, id int, from net.Addr) {
	if e, is := m.Body.(*icmp.Echo); is && m.Type == s.family.reply {
		if w := s.at(e.Seq); w != nil && e.ID == id && string(e.Data) == string(w.token[:]) {
			w.tell(ok)
		}
		return
	}
	why := s.family.unreachable(m)
	q, is := s.family.quoted(m.Body)
	if !is || why == "" || q.id != id {
		return
	}
	if w := s.at(q.seq); w != nil && q.of(w) {
		w.tell(bad("ping %v: %s, says %v", w.to, why, from))
	}
}

func (s *echoes) at(seq int) *waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting[uint16(seq)]
}

func (w *waiter) tell(r Result) {
	select {
	case w.heard <- r:
	default: // it has an answer
	}
}
