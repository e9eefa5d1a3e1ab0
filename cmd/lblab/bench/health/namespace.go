package health

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The servers have addresses of 10.64.0.0/10. All of them are local, until they are routed to an interface on which everything is lost.
// Those that stay healthy have addresses of their own, which stay local, and a port that stays open.
var (
	network        = net.IPNet{IP: net.IPv4(10, 64, 0, 0).To4(), Mask: net.CIDRMask(10, 32)}
	healthyNetwork = net.IPNet{IP: net.IPv4(10, 128, 0, 0).To4(), Mask: net.CIDRMask(16, 32)}
)

const lost = "lost"

func address(i int) netip.AddrPort { return nth(10<<24|64<<16, i, port) }

func healthyAddress(i int) netip.AddrPort { return nth(10<<24|128<<16, i, healthyPort) }

func nth(base uint32, i int, port uint16) netip.AddrPort {
	n := base + uint32(i) + 1
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), port)
}

// prepareNamespace is for a fresh network namespace.
func prepareNamespace() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: lost}, PeerName: lost + "-end"}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("add interface %s: %w", lost, err)
	}
	end, err := netlink.LinkByName(veth.PeerName)
	if err != nil {
		return fmt.Errorf("find %s: %w", veth.PeerName, err)
	}
	addr := &netlink.Addr{IPNet: &net.IPNet{IP: net.IPv4(10, 0, 0, 1).To4(), Mask: net.CIDRMask(32, 32)}}
	err = errors.Join(netlink.LinkSetUp(lo), netlink.LinkSetUp(veth), netlink.LinkSetUp(end), netlink.LinkSetARPOff(veth), netlink.AddrAdd(lo, addr),
		netlink.RouteAdd(localRoute(lo, &network)), netlink.RouteAdd(localRoute(lo, &healthyNetwork)))
	if err != nil {
		return fmt.Errorf("prepare the network: %w", err)
	}
	return nil
}

func localRoute(lo netlink.Link, to *net.IPNet) *netlink.Route {
	return &netlink.Route{LinkIndex: lo.Attrs().Index, Dst: to, Type: unix.RTN_LOCAL, Table: unix.RT_TABLE_LOCAL, Scope: netlink.SCOPE_HOST}
}

// silence has all packets to the servers lost from now on.
func silence() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	veth, err := netlink.LinkByName(lost)
	if err != nil {
		return fmt.Errorf("find %s: %w", lost, err)
	}
	err = errors.Join(netlink.RouteAdd(&netlink.Route{LinkIndex: veth.Attrs().Index, Dst: &network, Scope: netlink.SCOPE_LINK}), netlink.RouteDel(localRoute(lo, &network)))
	if err != nil {
		return fmt.Errorf("route the servers to where all is lost: %w", err)
	}
	return nil
}
