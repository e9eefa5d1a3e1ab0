package kernel

import (
	"errors"
	"fmt"
	"math"
	"syscall"

	"github.com/lbsync/lbsync/spec"
)

// ErrNoIPVS means that the kernel has no IPVS.
var ErrNoIPVS = errors.New("the kernel has no IPVS: load its module with \"modprobe ip_vs\" (package linux-image-$(uname -r) on Debian, kernel-modules on Fedora)")

// ErrPrivilege means that the caller may not change IPVS.
var ErrPrivilege = errors.New("IPVS needs CAP_NET_ADMIN in the first user namespace: run as root, or give the unit AmbientCapabilities=CAP_NET_ADMIN")

// ErrLoDown is why a kernel may refuse every real server.
var ErrLoDown = errors.New("lo is down in this namespace: without it no address counts as reachable (ip link set lo up)")

// MissingModule is a scheduler or persistence engine that the kernel does not have and cannot load.
type MissingModule struct {
	What   string // "scheduler wlc"
	Module string // "ip_vs_wlc"
	Cause  error  // what loading it said; nil when it was not tried
}

func (m *MissingModule) Error() string {
	s := m.What + ": module " + m.Module + " is not available"
	if m.Cause != nil {
		s += ": " + m.Cause.Error()
	}
	return s
}

// Unwrap is the cause.
func (m *MissingModule) Unwrap() error { return m.Cause }

// SchedulerModule names the module of a scheduler.
func SchedulerModule(name string) string { return "ip_vs_" + name }

// EngineModule names the module of a persistence engine.
func EngineModule(name string) string { return "ip_vs_pe_" + name }

// Failed is the error of a change with its cause: "add service tcp 192.0.2.1:80: …".
func Failed(c spec.Change, cause error) error {
	return fmt.Errorf("%s %s %s: %w", c.Action, c.Key.Kind(), c.Key, cause)
}

// Refused is the error of a change that the kernel refused with errno, in an operator's words.
func Refused(c spec.Change, errno syscall.Errno) error {
	if why := reason(c, errno); why != "" {
		return Failed(c, fmt.Errorf("%s: %w", why, errno))
	}
	return Failed(c, errno)
}

func reason(c spec.Change, errno syscall.Errno) string {
	switch errno {
	case syscall.EPERM:
		return ErrPrivilege.Error()
	case syscall.EAFNOSUPPORT:
		return "this kernel runs without IPv6"
	}
	switch k := c.Key.(type) {
	case spec.ServiceKey:
		return serviceReason(c, errno)
	case spec.DestKey:
		return destReason(k, c.After, errno)
	case spec.Role:
		return daemonReason(errno)
	}
	return ""
}

func serviceReason(c spec.Change, errno syscall.Errno) string {
	s, _ := c.After.(spec.Service)
	switch errno {
	case syscall.ESRCH:
		return "there is no such service"
	case syscall.ENOENT:
		return fmt.Sprintf("scheduler %s or its persistence engine is not available", s.Scheduler)
	case syscall.EINVAL:
		return fmt.Sprintf("persistence_prefix %d, scheduler %q or engine %q is not one the kernel takes", s.Netmask, s.Scheduler, s.Engine)
	}
	return ""
}

func destReason(k spec.DestKey, after spec.Value, errno syscall.Errno) string {
	d, _ := after.(spec.Dest)
	switch errno {
	case syscall.ESRCH:
		return "its service does not exist"
	case syscall.ENOENT:
		return "there is no such real server"
	case syscall.ERANGE:
		return fmt.Sprintf("weight %d is negative, or lower threshold %d above upper %d", d.Weight, d.Lower, d.Upper)
	case syscall.EINVAL:
		return invalidDest(k, d)
	}
	return ""
}

// invalidDest says which of the kernel's reasons for EINVAL holds (ip_vs_ctl.c, ip_vs_genl_set_cmd and ip_vs_new_dest).
func invalidDest(k spec.DestKey, d spec.Dest) string {
	mixed := spec.FamilyOf(k.Addr.Addr()) != k.Service.Family
	switch {
	case mixed && d.Forward != spec.Tun:
		return "its address family is not the service's, which only forwarding tun allows"
	case d.Tunnel.Type == spec.GUE && d.Tunnel.Port == 0:
		return "a gue tunnel needs a port"
	case d.Upper > math.MaxInt32:
		return fmt.Sprintf("upper threshold %d is above %d", d.Upper, math.MaxInt32)
	case mixed:
		return "its address family is not the service's, which the kernel refuses while a sync daemon runs"
	}
	return "its address is neither a unicast address nor the director's own"
}

func daemonReason(errno syscall.Errno) string {
	switch errno {
	case syscall.EEXIST:
		return "a daemon of this role runs already"
	case syscall.ESRCH:
		return "no daemon of this role runs"
	case syscall.ENODEV:
		return "its interface does not exist"
	case syscall.EINVAL:
		return "the kernel runs no sync daemon while a real server's address family is not its service's"
	}
	return ""
}
