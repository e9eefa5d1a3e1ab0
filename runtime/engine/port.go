package engine

import (
	"net/netip"
	"slices"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// portKey names a socket of advertisements: one for each interface and family.
type portKey struct {
	iface  string
	family spec.Family
}

// port is the holder's side of such a socket; the loop uses it.
type port struct {
	index  int // of the interface it is bound to
	groups []netip.Addr
	sock   wire // nil: the interface is missing, or the socket could not be opened
	err    error
}

func (p *port) close() error {
	if p == nil || p.sock == nil {
		return nil
	}
	return p.sock.Close()
}

// wantedPorts are the sockets that the instances need, with the groups to join.
func (k *holder) wantedPorts() map[portKey][]netip.Addr {
	out := map[portKey][]netip.Addr{}
	for _, h := range k.holdings {
		key := portKey{h.inst.Interface, h.inst.Family}
		groups := out[key]
		if g := h.inst.Group; !h.inst.Unicast && !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
		out[key] = groups
	}
	for _, groups := range out {
		slices.SortFunc(groups, netip.Addr.Compare)
	}
	return out
}

// openPorts opens, renews and gives up sockets. The loop reads the old one until it has the new one, and then has it closed: closing a
// member of a group waits for the kernel's lock on interfaces.
func (k *holder) openPorts() {
	wanted := k.wantedPorts()
	for key, groups := range wanted {
		i, old := k.iface(key.iface), k.ports[key]
		index := 0
		if i.found {
			index = i.link.Index
		}
		if old != nil && old.err == nil && old.index == index && slices.Equal(old.groups, groups) {
			continue
		}
		p := &port{index: index, groups: groups}
		if i.found {
			p.sock, p.err = k.parts.wire(kernel.AdvertOptions{Interface: key.iface, Family: key.family, Groups: groups})
		}
		if p.err != nil {
			k.log.Warn("socket for advertisements", "interface", key.iface, "family", key.family, "cause", p.err)
			p.sock = nil
		}
		k.ports[key] = p
		k.hand(func(l *loop) { l.setSocket(key, p.sock) }, old)
	}
	for key, old := range k.ports {
		if _, ok := wanted[key]; !ok {
			delete(k.ports, key)
			k.hand(func(l *loop) { l.setSocket(key, nil) }, old)
		}
	}
}

// hand has the loop use another socket, and closes the old one once it does.
func (k *holder) hand(use func(*loop), old interface{ close() error }) {
	k.tell(func(l *loop) {
		use(l)
		k.inbox.post(func() {
			if err := old.close(); err != nil {
				k.log.Warn("close socket for advertisements", "cause", err)
			}
		})
	})
}

// refresh reads interfaces again and tells the loop what has changed for it.
func (k *holder) refresh(names map[string]bool) {
	if len(names) == 0 {
		return
	}
	for name := range names {
		k.ifaces[name] = k.read(name)
	}
	k.promote()
	k.settle()
	for _, h := range k.holdings {
		if !h.on {
			continue
		}
		if moved := k.moved(h); len(moved) > 0 {
			k.putBack(h, moved)
		}
		k.putRoutes(h)
		k.publish(h)
	}
}

// moved are addresses that are absent, or on an interface that has another index now.
func (k *holder) moved(h *holding) (out []*held) {
	for n := range h.held {
		d := &h.held[n]
		if link, err := k.device(h, d); err == nil && (d.state == absent || d.at.IfIndex != link.Index) {
			d.state = absent
			out = append(out, d)
		}
	}
	return out
}

// settle brings sockets and virtual MACs to what interfaces there are, and tells the loop what its instances stand on.
func (k *holder) settle() {
	k.hosts = nil
	k.openPorts()
	k.makeVMACs()
	for name, h := range k.holdings {
		g := k.groundOf(h.inst)
		if p := k.ports[portKey{h.inst.Interface, h.inst.Family}]; g.why == "" && p.err != nil {
			g = ground{why: p.err.Error()}
		}
		if v := k.vmacs[name]; g.why == "" && v != nil && v.err != nil {
			g = ground{why: v.err.Error()}
		}
		if k.grounds[name] != g {
			k.grounds[name] = g
			k.tell(func(l *loop) { l.setGround(name, g) })
		}
	}
	for name, i := range k.ifaces {
		up := i.up()
		k.tell(func(l *loop) { l.setLink(name, up) })
	}
}
