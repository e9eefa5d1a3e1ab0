package engine

import (
	"fmt"
	"maps"
	"slices"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// adopt makes a wanted state the one that the holder works for. What an instance holds stays where it is still wanted; a master gets
// what is new and loses what is gone. The loop has shut down beforehand what is no longer an instance.
func (k *holder) adopt(v spec.VRRP) map[spec.InstanceKey]*holding {
	k.work() // what was ordered before
	k.orders.reserve(len(v.Instances))
	before := maps.Clone(k.holdings)
	for name, old := range before {
		if _, ok := v.Instances.Find(name); !ok {
			k.release(old)
			delete(k.holdings, name)
			delete(k.grounds, name)
			k.forget(name)
		}
	}
	for _, row := range v.Instances {
		k.renew(newHolding(v, row))
	}
	k.ifaces = map[string]*iface{}
	for _, row := range v.Trackers {
		if row.Key.Watch == spec.WatchInterface {
			k.iface(row.Key.Name)
		}
	}
	k.promote()
	k.settle()
	k.claim()
	k.adopted.Store(true)
	for _, h := range k.holdings {
		if h.on {
			k.complete(h)
		}
		k.publish(h)
	}
	return maps.Clone(k.holdings)
}

// renew takes new settings into the holding that the loop knows.
func (k *holder) renew(next *holding) {
	h, ok := k.holdings[next.name]
	if !ok {
		k.holdings[next.name] = next
		return
	}
	var gone []*held
	for n := range h.held {
		d := &h.held[n]
		at, kept := slices.BinarySearchFunc(next.held, d.row.Key, func(d held, key spec.AddressKey) int { return d.row.Key.Compare(key) })
		if kept && next.held[at].row.Value == d.row.Value && next.inst.VMAC == h.inst.VMAC && next.inst.Interface == h.inst.Interface {
			next.held[at].state, next.held[at].at, next.held[at].frame = d.state, d.at, d.frame
		} else if d.state == ours {
			gone = append(gone, d)
		}
	}
	k.herald.silence(h)
	stay := *h // with the routes that are still there
	stay.routes = missing(h.routes, next.routes)
	stay.rules = missing(h.rules, next.rules)
	if h.on {
		k.takeRoutes(&stay)
	}
	if h.daemon != nil && next.daemon == nil {
		h.problem("sync daemon master", nil)
		h.problem("sync daemon backup", nil)
	}
	k.take(h, gone)
	h.inst, h.held, h.routes, h.rules, h.daemon = next.inst, next.held, next.routes, next.rules, next.daemon
}

// missing are the rows that the next state does not have as they are.
func missing[K spec.RowKey[K], V spec.RowValue](rows, next spec.Rows[K, V]) spec.Rows[K, V] {
	return slices.DeleteFunc(slices.Clone(rows), func(r spec.Row[K, V]) bool {
		n, ok := next.Find(r.Key)
		return ok && n.Value == r.Value
	})
}

// complete gives a master what its new settings add.
func (k *holder) complete(h *holding) {
	k.listed = nil
	k.follow(h)
	k.put(h, h.in(absent), h.inst.Announce.Repeat)
	k.putRoutes(h)
}

// claim finds addresses that an earlier engine put there, by their tag: wanted ones are ours, the others are removed.
func (k *holder) claim() {
	live, err := k.parts.addresses.Addresses(0)
	if err != nil {
		k.log.Warn("addresses cannot be listed", "cause", err)
		return
	}
	places := k.places()
	var orphans []kernel.InterfaceAddress
	for _, l := range live {
		if l.Proto != kernel.ProtoVRRP {
			continue
		}
		at := kernel.InterfaceAddress{IfIndex: l.IfIndex, Prefix: l.Prefix}
		if d, ok := places[at]; ok {
			d.state = ours
		} else {
			orphans = append(orphans, at)
		}
	}
	for n, err := range k.parts.addresses.DelAddresses(orphans) {
		k.log.Info("address of an earlier engine is removed: nothing wants it", "address", orphans[n].Prefix, "cause", fmt.Sprint(err))
	}
}

// places are the wanted addresses by where they belong.
func (k *holder) places() map[kernel.InterfaceAddress]*held {
	out := map[kernel.InterfaceAddress]*held{}
	for _, h := range k.holdings {
		for n := range h.held {
			d := &h.held[n]
			if k.place(h, d) == nil {
				out[kernel.InterfaceAddress{IfIndex: d.at.IfIndex, Prefix: d.at.Prefix}] = d
			}
		}
	}
	return out
}

func (k *holder) forget(i spec.InstanceKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.shown, i)
}
