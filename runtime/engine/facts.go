package engine

import (
	"net/netip"

	"github.com/lbsync/lbsync/runtime/vrrp"
	"github.com/lbsync/lbsync/spec"
)

// The holder posts what it finds. What it tells of an instance that is not installed yet is kept for then.

// socket is the one of a port, made if there is none.
func (l *loop) socket(key portKey) *socket {
	s, ok := l.sockets[key]
	if !ok {
		s = &socket{}
		l.sockets[key] = s
	}
	return s
}

// setSocket gives a port another socket, or none. What the old one still has is read first.
func (l *loop) setSocket(key portKey, sock wire) {
	s := l.socket(key)
	l.receive(s)
	s.flush()
	s.sock = sock
	l.watch()
}

// setOut gives an instance a socket on its virtual MAC, or none.
func (l *loop) setOut(name spec.InstanceKey, sock wire, up bool) {
	if o := l.outs[name]; o != nil && o.sock != nil {
		o.flush()
	}
	delete(l.outs, name)
	if sock != nil {
		l.outs[name] = &outlet{sock: sock, down: !up}
	}
	if m := l.members[name]; m != nil {
		m.out = l.outs[name]
	}
}

// setRaised tells that the virtual MAC of an instance can be sent from, or cannot any more. A new master advertises now: it
// could not before.
func (l *loop) setRaised(name spec.InstanceKey, up bool) {
	o, m := l.outs[name], l.members[name]
	if o == nil {
		return
	}
	first := o.down && up
	if o.down = !up; first && m != nil && m.group.machine.State() == vrrp.Active {
		l.send(m, m.machine().Effective())
	}
}

// setGround tells what an instance stands on. What it sends is from there before it takes a step on it.
func (l *loop) setGround(name spec.InstanceKey, g ground) {
	l.grounds[name] = g
	m := l.members[name]
	if m == nil || m.gone {
		return
	}
	if before := m.source; m.stand(g) != before {
		m.build(m.machine().Effective())
		l.step(m, l.now, vrrp.Reconfigure(m.config()))
	}
	l.found(m.trackers[0], g.why == "", false)
}

// stand takes a ground, and gives the source: without ground it stays, for the goodbye.
func (m *member) stand(g ground) netip.Addr {
	if m.why = g.why; g.why == "" {
		m.source, m.expect.Source = g.source, g.source
	}
	return m.source
}

// setLink tells whether an interface works.
func (l *loop) setLink(name string, up bool) {
	l.links[name] = up
	for _, t := range l.trackers {
		if t.key.Watch == spec.WatchInterface && t.key.Name == name {
			l.observe(t, l.now, up)
		}
	}
}
