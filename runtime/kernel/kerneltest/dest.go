package kerneltest

import (
	"fmt"
	"math"
	"net/netip"
	"syscall"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// dest follows ip_vs_genl_set_cmd, ip_vs_add_dest and ip_vs_edit_dest (net/netfilter/ipvs/ip_vs_ctl.c) in the order of their checks.
func (k *Kernel) dest(key spec.DestKey, c spec.Change) error {
	if _, ok := k.services[key.Service]; !ok {
		return syscall.ESRCH
	}
	_, exists := k.dests[key]
	if c.Action == spec.Remove {
		if !exists {
			return syscall.ENOENT
		}
		delete(k.dests, key)
		return nil
	}
	d := c.After.(spec.Dest)
	if err := k.validDest(key, d); err != nil {
		return err
	}
	switch {
	case c.Action == spec.Edit && !exists:
		return syscall.ENOENT
	case c.Action == spec.Add && exists:
		return syscall.EEXIST
	case c.Action == spec.Add && key.Addr.Addr().Is4() && k.LoDown:
		return kernel.ErrLoDown
	case c.Action == spec.Add && !usable(key.Addr.Addr()):
		return syscall.EINVAL
	}
	k.dests[key] = d
	return nil
}

func (k *Kernel) validDest(key spec.DestKey, d spec.Dest) error {
	mixed := spec.FamilyOf(key.Addr.Addr()) != key.Service.Family
	switch {
	case mixed && (d.Forward != spec.Tun || len(k.daemons) > 0):
		return syscall.EINVAL
	case d.Weight < 0 || d.Lower > d.Upper:
		return syscall.ERANGE
	case d.Tunnel.Type == spec.GUE && d.Tunnel.Port == 0, d.Upper > math.MaxInt32:
		return syscall.EINVAL
	}
	return nil
}

// usable says whether the kernel takes the address of a real server: unicast, or its own (ip_vs_new_dest). 0.0.0.0/8 and the
// broadcast address are not; IPv6 link-local addresses are not.
func usable(a netip.Addr) bool {
	if a.Is4() {
		return !a.IsMulticast() && a.As4()[0] != 0 && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
	}
	return !a.IsMulticast() && !a.IsUnspecified() && !a.IsLinkLocalUnicast()
}

func (k *Kernel) daemon(role spec.Role, c spec.Change) error {
	_, runs := k.daemons[role]
	if c.Action == spec.Remove {
		if !runs {
			return syscall.ESRCH
		}
		delete(k.daemons, role)
		return nil
	}
	d := c.After.(spec.Daemon)
	ifi, ok := k.Interfaces[d.Interface]
	if !ok {
		return fmt.Errorf("interface %s: no such network interface", d.Interface)
	}
	if err := ifi.Accepts(role, d); err != nil {
		return err
	}
	switch {
	case c.Action == spec.Add && runs:
		return syscall.EEXIST
	case c.Action == spec.Edit && !runs:
		return syscall.ESRCH
	case k.mixed():
		delete(k.daemons, role) // an edit is a stop and a start, and the stop went well
		return syscall.EINVAL
	}
	k.daemons[role] = d
	return nil
}

func (k *Kernel) mixed() bool {
	for d := range k.dests {
		if spec.FamilyOf(d.Addr.Addr()) != d.Service.Family {
			return true
		}
	}
	return false
}
