package spec

import (
	"errors"
	"fmt"
	"net/netip"
)

// MaxAdvertised is how many addresses an instance may advertise: the packet counts them in one byte (RFC 9568, section 5.2.5), and one of
// IPv6 with more than 90 does not fit into an Ethernet frame.
func MaxAdvertised(f Family) int {
	if f == IPv6 {
		return 90
	}
	return 255
}

// Check says why these rows cannot be run together, or nil. A loaded fleet gives rows that can, and so does every step of a plan; the
// engine takes nothing else.
func (v VRRP) Check() error {
	c := vrrpCheck{instances: make(map[InstanceKey]*told, len(v.Instances))}
	for i := range v.Instances {
		c.instance(&v.Instances[i])
	}
	parts(&c, v.Peers, func(t *told, r Row[PeerKey, Peer]) error { return t.peer(r.Key.Addr) })
	parts(&c, v.Addresses, func(t *told, r Row[AddressKey, Address]) error { return t.address(r.Key.Prefix.Addr(), r.Value) })
	parts(&c, v.Routes, nil)
	parts(&c, v.Rules, nil)
	parts(&c, v.Trackers, func(_ *told, r Row[TrackerKey, Tracking]) error { return r.Value.check() })
	parts(&c, v.Follow, nil)
	for i := range v.Instances {
		c.fail(&v.Instances[i], c.instances[v.Instances[i].Key].whole())
	}
	c.places(v)
	if len(v.Follow) > 1 {
		c.error(fmt.Errorf("sync daemons follow %s and %s: one kernel has one pair of them", v.Follow[0].Key, v.Follow[1].Key))
	}
	return c.err
}

// vrrpCheck keeps the first mistake.
type vrrpCheck struct {
	instances map[InstanceKey]*told
	err       error
}

func (c *vrrpCheck) error(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *vrrpCheck) fail(r *Row[InstanceKey, Instance], err error) {
	if err != nil {
		c.error(fmt.Errorf("vrrp instance %s: %w", r.Key, err))
	}
}

func (c *vrrpCheck) instance(r *Row[InstanceKey, Instance]) {
	c.instances[r.Key] = &told{instance: &r.Value}
	c.fail(r, r.Value.check())
}

// parts judges the rows that belong to an instance.
func parts[K RowKey[K], V RowValue](c *vrrpCheck, rows Rows[K, V], judge func(*told, Row[K, V]) error) {
	for _, r := range rows {
		t := c.instances[PartOf(r.Key).(InstanceKey)]
		if t == nil {
			c.error(fmt.Errorf("%s %s: there is no vrrp instance of that name", r.Key.Kind(), r.Key))
			return
		}
		if judge == nil {
			continue
		}
		if err := judge(t, r); err != nil {
			c.error(fmt.Errorf("%s %s: %w", r.Key.Kind(), r.Key, err))
		}
	}
}

// told is an instance with what its parts say.
type told struct {
	instance   *Instance
	peers      int
	advertised int
	linkLocal  bool
}

func (t *told) peer(a netip.Addr) error {
	t.peers++
	switch {
	case !t.instance.Unicast:
		return errors.New("the instance is not unicast")
	case FamilyOf(a) != t.instance.Family:
		return fmt.Errorf("the instance is %s", t.instance.Family)
	case a.IsMulticast():
		return errors.New("this is a multicast group")
	case a == t.instance.Source:
		return errors.New("this is the instance's own source")
	}
	return nil
}

func (t *told) address(a netip.Addr, v Address) error {
	if err := v.check(a); err != nil || v.Excluded {
		return err
	}
	t.advertised++
	t.linkLocal = t.linkLocal || a.IsLinkLocalUnicast()
	if FamilyOf(a) != t.instance.Family {
		return fmt.Errorf("the instance is %s, and advertises it", t.instance.Family)
	}
	return nil
}

// whole says whether the parts are enough. An IPv6 advertisement begins with the virtual router's link-local address (RFC 9568,
// section 5.2.9).
func (t *told) whole() error {
	switch most := MaxAdvertised(t.instance.Family); {
	case t.advertised == 0:
		return errors.New("it advertises no address")
	case t.advertised > most:
		return fmt.Errorf("it advertises %d addresses, and at most %d are possible", t.advertised, most)
	case t.instance.Family == IPv6 && !t.linkLocal:
		return errors.New("it advertises no link-local address")
	case t.instance.Unicast && t.peers == 0:
		return errors.New("it is unicast and has no peer")
	}
	return nil
}

// places finds what two instances have: a virtual router on an interface (RFC 9568, section 1.7), an address on a device.
func (c *vrrpCheck) places(v VRRP) {
	type router struct {
		iface  string
		family Family
		id     uint8
	}
	routers := make(map[router]InstanceKey, len(v.Instances))
	for _, r := range v.Instances {
		at := router{r.Value.Interface, r.Value.Family, r.Value.RouterID}
		if first, taken := routers[at]; taken {
			c.error(fmt.Errorf("vrrp instances %s and %s: both are virtual router %d of %s on %s", first, r.Key, at.id, at.family, at.iface))
		}
		routers[at] = r.Key
	}
	type place struct {
		device string
		addr   netip.Addr
	}
	places := make(map[place]InstanceKey, len(v.Addresses))
	for _, r := range v.Addresses {
		at := place{r.Value.Device, r.Key.Prefix.Addr()}
		if first, taken := places[at]; taken {
			c.error(fmt.Errorf("vrrp instances %s and %s: both hold %s on %s", first, r.Key.Instance, at.addr, at.device))
		}
		places[at] = r.Key.Instance
	}
}
