package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// iface is an interface that something wanted names, as it is now.
type iface struct {
	name       string
	found      bool
	link       kernel.Link
	primary4   netip.Addr // zero: none
	linkLocal6 netip.Addr
	promotes   bool // promote was done
}

func (i *iface) up() bool { return i.found && i.link.Up && i.link.Running }

// iface is one by name, which is read when it is asked for first.
func (k *holder) iface(name string) *iface {
	i, ok := k.ifaces[name]
	if !ok {
		i = k.read(name)
		k.ifaces[name] = i
	}
	return i
}

func (k *holder) read(name string) *iface {
	i := &iface{name: name}
	link, err := k.parts.links.Link(name)
	if err == nil {
		i.found, i.link = true, link
		i.primary4, err = k.parts.links.PrimaryIPv4(link.Index)
	}
	if err == nil {
		i.linkLocal6, err = k.parts.links.LinkLocal(link.Index)
	}
	if err != nil && !errors.Is(err, unix.ENODEV) {
		k.log.Warn("interface cannot be read", "interface", name, "cause", err)
	}
	return i
}

// promote lets the other addresses of a network stay when the first of it is released (K11).
func (k *holder) promote() {
	for _, h := range k.holdings {
		for n := range h.held {
			i := k.iface(h.held[n].row.Value.Device)
			if !i.found || i.promotes {
				continue
			}
			i.promotes = true
			if err := kernel.PromoteSecondaries(i.name); err != nil {
				k.log.Warn("promote_secondaries", "interface", i.name, "cause", err)
			}
		}
	}
}

// ground is what an instance stands on: the address it sends from, or why it cannot.
type ground struct {
	source netip.Addr
	why    string // "" is well
}

func (k *holder) groundOf(i spec.Instance) ground {
	at := k.iface(i.Interface)
	switch {
	case !at.found:
		return ground{why: "interface " + at.name + " is missing"}
	case !at.up():
		return ground{why: "interface " + at.name + " is down"}
	case i.Source.IsValid():
		if !k.has(i.Source) {
			return ground{why: fmt.Sprintf("source %s is not an address of this host", i.Source)}
		}
		return ground{source: i.Source}
	}
	source, what := at.primary4, "IPv4"
	if i.Family == spec.IPv6 {
		source, what = at.linkLocal6, "IPv6 link-local"
	}
	if !source.IsValid() {
		return ground{why: fmt.Sprintf("interface %s has no %s address to send from", at.name, what)}
	}
	return ground{source: source}
}

// has says whether the host has an address that can be sent from. They are listed once for all instances.
func (k *holder) has(a netip.Addr) bool {
	if k.hosts == nil {
		live, err := k.parts.addresses.Addresses(0)
		if err != nil {
			k.log.Warn("addresses cannot be listed", "cause", err)
		}
		k.hosts = map[netip.Addr]bool{}
		for _, l := range live {
			k.hosts[l.Prefix.Addr()] = !l.Tentative
		}
	}
	return k.hosts[a]
}

// hear reads what the kernel tells of interfaces and addresses.
func (k *holder) hear() {
	changed := map[string]bool{}
	back := map[*holding][]*held{}
	err := k.parts.watcher.Drain(
		func(e kernel.LinkEvent) {
			if _, ok := k.ifaces[e.Name]; ok {
				changed[e.Name] = true
			}
		},
		func(e kernel.AddressEvent) {
			if e.Proto != kernel.ProtoVRRP { // what the engine put there itself is no source
				k.nameOf(e.IfIndex, changed)
			}
			if e.Gone {
				k.lost(e, back)
			}
		})
	if err != nil {
		k.log.Warn("events of the kernel", "cause", err)
		for name := range k.ifaces {
			changed[name] = true
		}
		k.next = k.next.Add(-tendEvery)
	}
	k.refresh(changed)
	for h, list := range back {
		k.putBack(h, list)
	}
}

func (k *holder) nameOf(ifindex int, changed map[string]bool) {
	for name, i := range k.ifaces {
		if i.found && i.link.Index == ifindex {
			changed[name] = true
		}
	}
}

// lost collects what somebody else removed: addresses that the engine holds, and ones that were in its way.
func (k *holder) lost(e kernel.AddressEvent, back map[*holding][]*held) {
	for _, h := range k.holdings {
		if !h.on {
			continue
		}
		n, ok := slices.BinarySearchFunc(h.held, spec.AddressKey{Instance: h.name, Prefix: e.Prefix}, func(d held, key spec.AddressKey) int { return d.row.Key.Compare(key) })
		if ok && h.held[n].at.IfIndex == e.IfIndex && h.held[n].state != absent {
			h.held[n].state = absent
			back[h] = append(back[h], &h.held[n])
		}
	}
}

// putBack restores addresses and announces them: whoever removed one may have had neighbours learn another place for it.
func (k *holder) putBack(h *holding, list []*held) {
	k.listed = nil
	k.put(h, list, h.inst.Announce.Repeat)
	for _, d := range list {
		if d.state == ours {
			k.log.Info("address was removed by somebody else and is back", "instance", h.name, "address", d.row.Key.Prefix)
		}
	}
}
