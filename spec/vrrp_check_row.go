package spec

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// check judges the settings by themselves.
func (i Instance) check() error {
	switch {
	case i.Interface == "":
		return errors.New("it has no interface")
	case len(i.Interface) > maxInterface:
		return fmt.Errorf("interface %s: a name has %d bytes at most", i.Interface, maxInterface)
	case min(i.PreemptDelay, i.StartupDelay, i.Announce.Delay, i.Announce.Refresh, i.Announce.Interval) < 0:
		return errors.New("it has a delay below 0")
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
	case i.PseudoHeader && (v != 3 || i.Family != IPv4):
		return errors.New("only version 3 over IPv4 has two ways to compute the checksum")
	}
	return nil
}

func (i Instance) checkWay() error {
	switch {
	case i.Unicast && i.VMAC:
		return errors.New("it is unicast and has a virtual MAC, from which only multicast can leave")
	case i.Unicast && !i.Source.IsValid():
		return errors.New("it is unicast and has no source")
	case i.Unicast && (i.TTLMin == 0 || i.TTLMin > i.TTLMax):
		return fmt.Errorf("no TTL is from %d to %d", i.TTLMin, i.TTLMax)
	case !i.Unicast && (!i.Group.IsMulticast() || FamilyOf(i.Group) != i.Family):
		return fmt.Errorf("%s is no multicast group of %s", i.Group, i.Family)
	}
	return nil
}

// check judges an address by itself.
func (v Address) check(a netip.Addr) error {
	switch {
	case v.Device == "" || len(v.Device) > maxInterface || len(v.Label) > maxInterface:
		return fmt.Errorf("device %q, label %q: the name of an interface has 1 to %d bytes", v.Device, v.Label, maxInterface)
	case !slices.Contains(addressScopes, v.Scope):
		return fmt.Errorf("there is no scope %q", v.Scope)
	case v.Broadcast.IsValid() && !(v.Broadcast.Is4() && a.Is4()):
		return fmt.Errorf("only IPv4 has a broadcast address, such as %s", v.Broadcast)
	}
	return nil
}

// addressScopes are the words of ip-address(8).
var addressScopes = []string{"global", "site", "link", "host"}

func (t Tracking) check() error {
	if t.Weight < -253 || t.Weight > 253 {
		return fmt.Errorf("weight %d: -253 to 253 are possible", t.Weight)
	}
	return nil
}
