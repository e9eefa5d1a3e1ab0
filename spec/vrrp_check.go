package spec

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
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
	parts(&c, v.Trackers, nil)
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
	case a == t.instance.Source:
		return errors.New("this is the instance's own source")
	}
	return nil
}

func (t *told) address(a netip.Addr, v Address) error {
	if v.Excluded {
		return nil
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

// check judges the settings by themselves.
func (i Instance) check() error {
	switch {
	case i.Interface == "":
		return errors.New("it has no interface")
	case i.RouterID == 0 || i.Priority == 0 || i.DownAdverts == 0 || i.DownAdverts > 100:
		return errors.New("virtual_router_id and priority are 1 to 255, down_timer_adverts 1 to 100")
	case i.Family != IPv4 && i.Family != IPv6:
		return errors.New("it has no address family")
	case i.Source.IsValid() && FamilyOf(i.Source) != i.Family:
		return fmt.Errorf("it is %s, and its source %s is not", i.Family, i.Source)
	}
	if err := i.checkVersion(); err != nil {
		return err
	}
	return i.checkWay()
}

func (i Instance) checkVersion() error {
	switch v := i.Version; {
	case v != 2 && v != 3:
		return fmt.Errorf("there is no version %d", v)
	case v == 2 && i.Family == IPv6:
		return errors.New("version 2 has no IPv6")
	case v == 2 && (i.Interval%time.Second != 0 || i.Interval < time.Second || i.Interval > 255*time.Second):
		return fmt.Errorf("version 2 has whole seconds, 1 to 255, and not %s", i.Interval)
	case v == 3 && (i.Interval%(10*time.Millisecond) != 0 || i.Interval < 10*time.Millisecond || i.Interval > 40950*time.Millisecond):
		return fmt.Errorf("version 3 has steps of 10 ms, 10ms to 40.95s, and not %s", i.Interval)
	case v == 3 && i.Secret != "":
		return errors.New("version 3 has no password")
	}
	return nil
}

func (i Instance) checkWay() error {
	switch {
	case i.Unicast && !i.Source.IsValid():
		return errors.New("it is unicast and has no source")
	case i.Unicast && (i.TTLMin == 0 || i.TTLMin > i.TTLMax):
		return fmt.Errorf("no TTL is from %d to %d", i.TTLMin, i.TTLMax)
	case !i.Unicast && (!i.Group.IsMulticast() || FamilyOf(i.Group) != i.Family):
		return fmt.Errorf("%s is no multicast group of %s", i.Group, i.Family)
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
