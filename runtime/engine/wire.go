package engine

import (
	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/runtime/vrrp"
)

// socket is the loop's side of a port: what comes in for the instances of an interface and family, and what goes out.
type socket struct {
	outlet
	byRouter [256]*member
}

// outlet collects the packets of one wake-up that leave by the same socket.
type outlet struct {
	sock  wire // nil: there is none now
	down  bool // of a virtual MAC that is not up yet: the holder will say
	batch []kernel.AdvertPacket
	from  []*member
}

// send puts an advertisement into its outlet. What cannot leave is counted.
func (l *loop) send(m *member, priority uint8) {
	if m.gone {
		return
	}
	o := m.out
	if o == nil {
		o = &l.sockets[m.port()].outlet
	}
	if o.down {
		return
	}
	packets := m.packets
	switch {
	case priority == 0:
		packets = m.goodbye
	case priority != m.advert.Priority:
		m.build(priority)
	}
	if o.sock == nil || !m.source.IsValid() {
		m.errors += uint64(len(packets))
		return
	}
	if len(o.batch) == 0 {
		l.outlets = append(l.outlets, o)
	}
	for range packets {
		o.from = append(o.from, m)
	}
	o.batch = append(o.batch, packets...)
	if priority > 0 {
		m.slot.advertised(l.now + l.clock.boot)
	}
}

func (m *member) port() portKey { return portKey{m.inst.Interface, m.inst.Family} }

// flush sends what was collected, and then gives the orders that were to come behind it.
func (l *loop) flush() {
	for _, o := range l.outlets {
		o.flush()
	}
	l.outlets = l.outlets[:0]
	for n, g := range l.given {
		l.orders.give(g.to, g.role, g.announce)
		l.given[n].to = nil
	}
	l.given = l.given[:0]
	if l.rang {
		l.rang = false
		l.bell.ring()
	}
}

// flush passes over a packet that the kernel refuses: the next one is due soon, and those of other instances now.
func (o *outlet) flush() {
	for at := 0; at < len(o.batch); {
		n, err := o.sock.Send(o.batch[at:])
		for _, m := range o.from[at : at+n] {
			m.sent++
		}
		at += n
		if err != nil {
			o.from[at].errors++
			at++
		} else if n == 0 {
			break
		}
	}
	o.batch, o.from = o.batch[:0], o.from[:0]
}

// rounds bounds how many batches are read from one socket in a wake-up: a flood must not keep our own advertisements waiting.
const rounds = 16

// receive reads a socket until it is empty. The time is that of the wake-up: a message that came in meanwhile is no older.
func (l *loop) receive(s *socket) (any bool) {
	for range rounds {
		if s.sock == nil {
			return any
		}
		n, err := s.sock.Receive(l.datagrams[:])
		for i := range l.datagrams[:n] {
			l.hear(s, &l.datagrams[i])
		}
		any = any || n > 0 || err != nil
		if n == 0 && err == nil {
			return any
		}
	}
	return any
}

// hear judges one message and gives it to its instance (RFC 9568, section 7.1).
func (l *loop) hear(s *socket, d *kernel.AdvertDatagram) {
	id, ok := vrrp.RouterOf(d.Payload)
	m := s.byRouter[id]
	if !ok || m == nil || m.gone {
		return
	}
	m.received++
	if !m.inst.Unicast && d.Dst.WithZone("") != m.inst.Group {
		m.dropped[vrrp.WrongDelivery]++
		return
	}
	reason := vrrp.ParseAdvert(&l.heard, d.Payload, vrrp.Origin{Src: d.Src, Dst: d.Dst, TTL: d.TTL}, &m.expect)
	m.dropped[reason]++
	if reason == vrrp.UnknownPeer || reason == vrrp.Accepted && !m.inst.Unicast {
		m.spoke(d.Src.WithZone(""), d.Payload[2])
	}
	if reason == vrrp.Accepted {
		m.note(&l.heard)
		l.step(m, l.now, vrrp.Heard(d.Src, &l.heard))
	}
}

// note counts what is odd about an advertisement that is taken.
func (m *member) note(a *vrrp.Advert) {
	if a.Priority == 0 {
		m.zero++
	}
	if a.Notes&vrrp.IntervalDiffers != 0 {
		m.intervals++
	}
	if a.Notes&vrrp.AddressesDiffer != 0 {
		m.addresses++
	}
	if a.Version == 3 && !m.expect.IPv6 {
		if a.Sum == vrrp.SumPseudo {
			m.pseudo++
		} else {
			m.plain++
		}
	}
}
