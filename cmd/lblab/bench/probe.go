package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// probe looks into the IPVS of the namespace it was opened in, by getsockopt (include/uapi/linux/ip_vs.h): one system call that costs
// the kernel microseconds, the same for whoever is measured.
type probe struct{ fd int }

// The options, and the sizes and places of what they return on a 64-bit machine.
const (
	optServices = 64 + 1024 + 64 + 2
	optService  = 64 + 1024 + 64 + 3
	optDests    = 64 + 1024 + 64 + 4

	servicesTop, serviceSize, atDests = 8, 104, 44
	destsTop, destSize, atWeight      = 24, 96, 12
)

func openProbe() (probe, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return probe{}, fmt.Errorf("open a socket to look into the kernel: %w", err)
	}
	return probe{fd}, nil
}

func (p probe) close() { _ = unix.Close(p.fd) }

func (p probe) ask(opt uintptr, b []byte) error {
	n := uint32(len(b))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(p.fd), unix.IPPROTO_IP, opt,
		uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&n)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// name writes which service is meant; both structures begin alike.
func name(b []byte, service netip.Addr) {
	binary.NativeEndian.PutUint16(b, unix.IPPROTO_TCP)
	copy(b[4:], service.AsSlice())
	binary.BigEndian.PutUint16(b[8:], port)
}

// count is how many real servers a service has; 0 when it is not there.
func (p probe) count(service netip.Addr) (int, error) {
	b := make([]byte, serviceSize)
	name(b, service)
	err := p.ask(optService, b)
	if errors.Is(err, unix.ESRCH) {
		return 0, nil
	}
	return int(binary.NativeEndian.Uint32(b[atDests:])), wrapAsk(err)
}

// sum is how many real servers the first n services have together.
func (p probe) sum(n int) (int, error) {
	b := make([]byte, servicesTop+n*serviceSize)
	binary.NativeEndian.PutUint32(b, uint32(n))
	if err := p.ask(optServices, b); err != nil {
		return 0, wrapAsk(err)
	}
	all := 0
	for at := servicesTop; at < len(b); at += serviceSize {
		all += int(binary.NativeEndian.Uint32(b[at+atDests:]))
	}
	return all, nil
}

// weight is that of one real server among at most n; -1 when it is not there.
func (p probe) weight(service, real netip.Addr, n int) (int, error) {
	b := make([]byte, destsTop+n*destSize)
	name(b, service)
	binary.NativeEndian.PutUint32(b[16:], uint32(n))
	if err := p.ask(optDests, b); err != nil {
		return 0, wrapAsk(err)
	}
	for at := destsTop; at < len(b); at += destSize {
		if netip.AddrFrom4([4]byte(b[at:])) == real {
			return int(int32(binary.NativeEndian.Uint32(b[at+atWeight:]))), nil
		}
	}
	return -1, nil
}

func wrapAsk(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("look into the kernel: %w", err)
}

// pollEvery is the time between two looks, and so the resolution of all that is timed from outside.
const pollEvery = 2 * time.Millisecond

// until looks again and again until the answer is yes, and returns when that was.
func until(ctx context.Context, every time.Duration, look func() (bool, error)) (time.Time, error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		yes, err := look()
		if err != nil {
			return time.Time{}, err
		}
		if yes {
			return time.Now(), nil
		}
		select {
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("wait: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}
