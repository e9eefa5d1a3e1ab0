package engine

import (
	"fmt"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// vmac is the interface of a virtual router with its own MAC, and the socket that sends from it (RFC 9568, section 7.3).
type vmac struct {
	iface  string
	id     uint8
	family spec.Family
	parent int // index
	link   kernel.Link
	sock   wire // nil: it could not be made
	err    error
}

func (v *vmac) close() error {
	if v.sock == nil {
		return nil
	}
	return v.sock.Close()
}

// vmac is the link that holds the addresses of an instance with a virtual MAC.
func (k *holder) vmac(h *holding) (kernel.Link, error) {
	v := k.vmacs[h.name]
	if v == nil || v.sock == nil {
		return kernel.Link{}, fmt.Errorf("find virtual MAC of router %d on %s: it is not there", h.inst.RouterID, h.inst.Interface)
	}
	return v.link, nil
}

// makeVMACs makes, renews and removes the interfaces with virtual MACs.
func (k *holder) makeVMACs() {
	for name, old := range k.vmacs {
		h := k.holdings[name]
		if h == nil || !h.inst.VMAC || h.inst.Interface != old.iface || h.inst.RouterID != old.id || h.inst.Family != old.family {
			delete(k.vmacs, name)
			k.hand(func(l *loop) { l.setOut(name, nil, false) }, old)
			k.removeVMAC(old)
		}
	}
	for name, h := range k.holdings {
		if i := k.iface(h.inst.Interface); h.inst.VMAC {
			if old := k.vmacs[name]; old == nil || old.err != nil || old.parent != i.link.Index {
				k.makeVMAC(h, i, old)
			}
		}
	}
}

// removeVMACs leaves none behind: an engine that stops gives up all it made.
func (k *holder) removeVMACs() {
	for _, v := range k.vmacs {
		k.removeVMAC(v)
	}
}

func (k *holder) removeVMAC(v *vmac) {
	if err := k.parts.vmacs.RemoveVMAC(v.iface, v.id, v.family); err != nil {
		k.log.Warn("virtual MAC cannot be removed", "interface", v.iface, "virtual_router_id", v.id, "cause", err)
	}
}

func (k *holder) makeVMAC(h *holding, parent *iface, old *vmac) {
	v := &vmac{iface: parent.name, id: h.inst.RouterID, family: h.inst.Family, parent: parent.link.Index}
	if parent.found {
		v.link, v.err = k.parts.vmacs.MakeVMAC(v.iface, v.id, v.family)
		if v.err == nil {
			v.sock, v.err = k.parts.wire(kernel.AdvertOptions{Interface: v.link.Name, Family: v.family, AnySource: true})
		}
	}
	if v.err != nil {
		v.sock = nil
		k.log.Warn("virtual MAC", "interface", v.iface, "virtual_router_id", v.id, "cause", v.err)
	}
	h.problem("virtual MAC", v.err)
	k.vmacs[h.name] = v
	if old == nil {
		old = &vmac{}
	}
	k.hand(func(l *loop) { l.setOut(h.name, v.sock, v.link.Up) }, old)
	if h.on {
		k.raise(h, true)
	}
}

// raise sets the interface of a virtual MAC up for the master, and down for a backup: down, it discards frames to the virtual MAC, as RFC
// 9568, section 6.4.2 asks for.
func (k *holder) raise(h *holding, up bool) {
	v := k.vmacs[h.name]
	if v == nil || v.sock == nil {
		return
	}
	err := k.parts.vmacs.SetUp(v.link.Index, up)
	h.problem("virtual MAC", err)
	up = up && err == nil
	k.tell(func(l *loop) { l.setRaised(h.name, up) })
}
