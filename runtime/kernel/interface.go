package kernel

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// Interface is what of a network interface matters to a sync daemon.
type Interface struct {
	Name       string
	Up         bool
	MTU        int // bytes
	IPv4, IPv6 bool
}

// The bytes of IP and UDP header around a sync message, and the smallest buffer of a backup daemon
// (net/netfilter/ipvs/ip_vs_sync.c, start_sync_thread).
const (
	headers4     = 20 + 8
	headers6     = 40 + 8
	maxDatagram  = 65535
	minBackupLen = 1024
)

// Accepts says why a daemon of this role and settings would not work on the interface: the kernel starts one on an interface
// without an address, and on one whose MTU is too small, and says so nowhere but in its log.
func (i Interface) Accepts(role spec.Role, d spec.Daemon) error {
	family, has, headers := "IPv4", i.IPv4, headers4
	if d.Group.Is6() {
		family, has, headers = "IPv6", i.IPv6, headers6
	}
	switch room := min(i.MTU, maxDatagram) - headers; {
	case !d.Group.IsMulticast():
		return fmt.Errorf("group %s is not a multicast address", d.Group)
	case d.Port == 0 || d.TTL == 0 || d.MaxLen == 0:
		return fmt.Errorf("port, ttl and maxlen must be given: the kernel would put its own in place of 0")
	case !i.Up:
		return fmt.Errorf("interface %s is down", i.Name)
	case !has:
		return fmt.Errorf("interface %s has no %s address, which group %s needs", i.Name, family, d.Group)
	case int(d.MaxLen) > room:
		return fmt.Errorf("maxlen %d does not fit interface %s: its MTU of %d leaves %d", d.MaxLen, i.Name, i.MTU, room)
	case role == spec.RoleBackup && d.MaxLen < minBackupLen:
		return fmt.Errorf("maxlen %d is too small: a backup daemon takes no less than %d", d.MaxLen, minBackupLen)
	}
	return nil
}

// interfaceByName reads an interface of the network namespace that the calling thread is in.
func interfaceByName(name string) (Interface, error) {
	ifi, err := net.InterfaceByName(name)
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		err = op.Err // "route ip+net" says nothing to anyone
	}
	if err != nil {
		return Interface{}, fmt.Errorf("interface %s: %w", name, err)
	}
	addrs, err := ifi.Addrs()
	if err != nil {
		return Interface{}, fmt.Errorf("addresses of interface %s: %w", name, err)
	}
	out := Interface{Name: name, Up: ifi.Flags&net.FlagUp != 0, MTU: ifi.MTU}
	for _, a := range addrs {
		v6 := strings.Contains(a.String(), ":")
		out.IPv6 = out.IPv6 || v6
		out.IPv4 = out.IPv4 || !v6
	}
	return out, nil
}
