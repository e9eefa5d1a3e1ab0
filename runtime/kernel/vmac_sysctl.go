package kernel

import (
	"fmt"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// setting is a sysctl of an interface.
type setting struct {
	key   string // below net.FAMILY.conf.INTERFACE
	value spec.Setting
}

// An address that is on the macvlan is in the parent's network too. The parent must not answer ARP for it with its own MAC (arp_ignore;
// V56), neither may use the other's address as the sender of an ARP request (arp_announce), and packets come in on the one while the
// route back is on the other (rp_filter).
var vmacSettings4 = []setting{{"arp_ignore", "1"}, {"arp_announce", "2"}, {"promote_secondaries", "1"}}

var parentSettings4 = []setting{{"arp_ignore", "1"}, {"arp_announce", "2"}}

// The macvlan gets no address by itself (V61: nothing is derived from a MAC that wanders), and solicits and takes no router
// advertisements.
var vmacSettings6 = []setting{{"addr_gen_mode", "1"}, {"accept_ra", "0"}, {"autoconf", "0"}, {"router_solicitations", "0"}}

// noIPv6 keeps a macvlan of an IPv4 virtual router silent: multicast reports of IPv6 would teach switches where the virtual MAC is.
var noIPv6 = []setting{{"disable_ipv6", "1"}}

// tuneVMAC sets the sysctls of a macvlan and its parent (K13), before it is up.
func tuneVMAC(parent, name string, family spec.Family) error {
	if family == spec.IPv6 {
		return setAll("ipv6", name, vmacSettings6)
	}
	loose, err := looseFilter()
	if err != nil {
		return err
	}
	if err := setAll("ipv4", name, append(slices.Clone(vmacSettings4), loose)); err != nil {
		return err
	}
	if err := setAll("ipv4", parent, append(slices.Clone(parentSettings4), loose)); err != nil {
		return err
	}
	if _, err := readSysctl(interfaceKey("ipv6", name, "disable_ipv6")); err != nil {
		return nil // no IPv6 to disable
	}
	return setAll("ipv6", name, noIPv6)
}

// looseFilter is rp_filter off; where it is strict for all interfaces, which would win, it is loose.
func looseFilter() (setting, error) {
	all, err := readSysctl(interfaceKey("ipv4", "all", "rp_filter"))
	if all == "1" {
		return setting{"rp_filter", "2"}, err
	}
	return setting{"rp_filter", "0"}, err
}

func setAll(family, iface string, settings []setting) error {
	for _, s := range settings {
		key := interfaceKey(family, iface, s.key)
		if err := writeSysctl(key, s.value); err != nil {
			return fmt.Errorf("set %s: %w", key, err)
		}
	}
	return nil
}

func interfaceKey(family, iface, key string) spec.SysctlKey {
	return spec.SysctlKey("net." + family + ".conf." + iface + "." + key)
}
