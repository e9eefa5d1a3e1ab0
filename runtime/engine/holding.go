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

// chunk is how many addresses are changed before a look at what else there is to do: about 1 ms.
const chunk = 64

// holding is what an instance holds as master. It belongs to the holder, but for order.
type holding struct {
	order  order // guarded by orders.mu
	name   spec.InstanceKey
	inst   spec.Instance
	held   []held // in the order of keys
	routes spec.Rows[spec.RouteKey, spec.Route]
	rules  spec.Rows[spec.RuleKey, spec.Rule]
	daemon *spec.FollowSync // of a sync role that follows the instance
	on     bool             // the role is the master's

	problems map[string]string // by object: what did not work, and is tried again
}

// held is one virtual address.
type held struct {
	row   spec.Row[spec.AddressKey, spec.Address]
	state heldState
	at    kernel.InterfaceAddress // as it was put there
	frame kernel.Frame            // that announces it; none on an interface without MAC
}

type heldState uint8

const (
	absent  heldState = iota
	ours              // put there by the engine
	foreign           // there, but not by us: left alone
)

func (d *held) addr() netip.Addr { return d.row.Key.Prefix.Addr() }

func newHolding(v spec.VRRP, row spec.Row[spec.InstanceKey, spec.Instance]) *holding {
	h := &holding{name: row.Key, inst: row.Value, routes: routesOf(v, row.Key), rules: rulesOf(v, row.Key), problems: map[string]string{}}
	for _, r := range addressesOf(v, row.Key) {
		h.held = append(h.held, held{row: r})
	}
	if f, ok := v.Follow.Find(spec.FollowSyncKey(row.Key)); ok {
		h.daemon = &f.Value
	}
	return h
}

// problem notes what an operation on an object came to; nil clears it.
func (h *holding) problem(object string, err error) {
	if err == nil {
		delete(h.problems, object)
		return
	}
	h.problems[object] = fmt.Sprintf("%s: %v", h.name, err)
}

// trouble is problem for an address. Of a thousand that are well no names are made.
func (h *holding) trouble(d *held, err error) {
	if err != nil || len(h.problems) > 0 {
		h.problem(d.row.Key.Prefix.String(), err)
	}
}

// device is the interface that an address belongs on: the virtual router's own one where it has a virtual MAC.
func (k *holder) device(h *holding, d *held) (kernel.Link, error) {
	if h.inst.VMAC && d.row.Value.Device == h.inst.Interface {
		return k.vmac(h)
	}
	i := k.iface(d.row.Value.Device)
	if !i.found {
		return kernel.Link{}, fmt.Errorf("find interface %s: %w", i.name, unix.ENODEV)
	}
	return i.link, nil
}

// place prepares an address for the interface as it is now.
func (k *holder) place(h *holding, d *held) error {
	link, err := k.device(h, d)
	if err != nil {
		return err
	}
	v := d.row.Value
	at := kernel.InterfaceAddress{IfIndex: link.Index, Prefix: d.row.Key.Prefix, Label: v.Label, Scope: v.Scope, Broadcast: v.Broadcast}
	if at == d.at && (d.frame.Bytes != nil || link.MAC == kernel.MAC{}) {
		return nil
	}
	d.at, d.frame = at, kernel.Frame{}
	if link.MAC == (kernel.MAC{}) {
		return nil
	}
	d.frame, err = k.frame(link, d)
	return err
}

// prepare makes the frames of a backup in advance. What does not work yet is said when it is tried.
func (k *holder) prepare(h *holding) {
	for _, d := range h.in(absent) {
		if k.place(h, d) != nil {
			return
		}
	}
}

// put brings addresses that are absent where they belong, has each part announced as soon as it is there and all of them again at
// the end, and stops when a newer order revokes it.
func (k *holder) put(h *holding, list []*held, announce uint32) {
	for part := range slices.Chunk(list, chunk) {
		if k.orders.revoked(h, acquire) {
			return
		}
		ready, as := make([]*held, 0, len(part)), make([]kernel.InterfaceAddress, 0, len(part))
		for _, d := range part {
			err := k.place(h, d)
			h.trouble(d, err)
			if err == nil {
				ready, as = append(ready, d), append(as, d.at)
			}
		}
		for n, err := range k.parts.addresses.AddAddresses(as) {
			k.placed(h, ready[n], err)
		}
		k.burst(h, ready, min(announce, 1), false)
	}
	k.burst(h, list, announce-min(announce, 1), true)
	k.publish(h)
}

func (k *holder) placed(h *holding, d *held, err error) {
	d.state = ours
	if errors.Is(err, unix.EEXIST) {
		err = nil
		if !k.mine(d.at) {
			d.state = foreign
		}
	}
	if err != nil {
		d.state = absent
	}
	h.trouble(d, err)
}

// mine says whether an address that is there already was put there by an engine before. Without an answer it counts as
// foreign, which changes nothing.
func (k *holder) mine(a kernel.InterfaceAddress) bool {
	if k.listed == nil {
		k.listed = map[kernel.InterfaceAddress]bool{}
		live, err := k.parts.addresses.Addresses(0)
		if err != nil {
			k.log.Warn("addresses cannot be listed", "cause", err)
		}
		for _, l := range live {
			k.listed[kernel.InterfaceAddress{IfIndex: l.IfIndex, Prefix: l.Prefix}] = l.Proto == kernel.ProtoVRRP
		}
	}
	return k.listed[kernel.InterfaceAddress{IfIndex: a.IfIndex, Prefix: a.Prefix}]
}

// take removes addresses that are ours.
func (k *holder) take(h *holding, list []*held) {
	for part := range slices.Chunk(list, chunk) {
		if k.orders.revoked(h, release) {
			return
		}
		var as []kernel.InterfaceAddress
		for _, d := range part {
			as = append(as, d.at)
			d.state = absent // before it happens, so that its event is no surprise
		}
		for n, err := range k.parts.addresses.DelAddresses(as) {
			if err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) && !errors.Is(err, unix.ENODEV) {
				part[n].state = ours
				h.trouble(part[n], err)
			}
		}
	}
	k.publish(h)
}

// in are the addresses of a state.
func (h *holding) in(s heldState) (out []*held) {
	for n := range h.held {
		if h.held[n].state == s {
			out = append(out, &h.held[n])
		}
	}
	return out
}
