package kernel

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// The older interface: getsockopt on any IPv4 socket, one system call for all IPv4 services or for one's real servers. It is an
// order of magnitude faster than netlink, and does not know IPv6, persistence engines, tunnels, or real servers of the other
// family. Structures of include/uapi/linux/ip_vs.h.
const (
	optServices = 64 + 1024 + 64 + 2
	optDests    = 64 + 1024 + 64 + 4
	optInfo     = 64 + 1024 + 64 + 1
)

// Sizes where 64-bit numbers stand at multiples of 8, as on every 64-bit machine.
const (
	infoSize    = 12
	servicesTop = 8
	serviceSize = 104
	destsTop    = 24
	destSize    = 96
)

const legacyUsable = strconv.IntSize == 64

// getsockopt asks with what stands in b and leaves the answer there. Its length is how the kernel knows how many entries fit.
func (k *Kernel) getsockopt(opt uintptr, b []byte) error {
	n := uint32(len(b))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(k.old), unix.IPPROTO_IP, opt,
		uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&n)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// legacyService is an IPv4 service without its persistence engine, and the number of its real servers.
type legacyService struct {
	spec.Row[spec.ServiceKey, spec.Service]
	dests int
}

// legacyServices are all IPv4 services, in order. The kernel neither says how many it has returned nor that there were more than
// asked for; both show in whether their number was the same before and after.
func (k *Kernel) legacyServices() (out []legacyService, err error) {
	err = settled(func() error {
		out = out[:0]
		n, err := k.legacyCount()
		if err != nil {
			return err
		}
		b := make([]byte, servicesTop+n*serviceSize)
		binary.NativeEndian.PutUint32(b, uint32(n))
		if err := k.getsockopt(optServices, b); err != nil {
			return err
		}
		for at := servicesTop; at < len(b); at += serviceSize {
			out = append(out, decodeLegacyService(b[at:]))
		}
		if after, err := k.legacyCount(); err != nil || after != n {
			return unix.EINTR
		}
		return nil
	})
	slices.SortFunc(out, func(a, b legacyService) int { return a.Key.Compare(b.Key) })
	return out, err
}

func (k *Kernel) legacyCount() (int, error) {
	b := make([]byte, infoSize)
	err := k.getsockopt(optInfo, b)
	return int(binary.NativeEndian.Uint32(b[8:])), err
}

func decodeLegacyService(b []byte) legacyService {
	s := legacyService{dests: int(binary.NativeEndian.Uint32(b[44:]))}
	if mark := binary.NativeEndian.Uint32(b[12:]); mark != 0 {
		s.Key = spec.MarkService(mark, spec.IPv4)
	} else {
		s.Key = spec.AddrService(spec.Proto(binary.NativeEndian.Uint16(b)), legacyAddr(b[4:]))
	}
	scheduler, _, _ := bytes.Cut(b[16:32], []byte{0})
	s.Value = normalService(spec.Service{
		Scheduler:   string(scheduler),
		Persistence: binary.NativeEndian.Uint32(b[36:]),
		Netmask:     prefixOf(spec.IPv4, b[40:44]),
	}, binary.NativeEndian.Uint32(b[32:]))
	return s
}

func legacyAddr(b []byte) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b)), binary.BigEndian.Uint16(b[4:]))
}

// legacyDests are the n real servers of an IPv4 service, without tunnels. complete is false where they are not n, because they
// changed meanwhile or because some are of the other family.
func (k *Kernel) legacyDests(service spec.ServiceKey, n int, out spec.Rows[spec.DestKey, spec.Dest]) (_ spec.Rows[spec.DestKey, spec.Dest], complete bool, err error) {
	room := n + 1 // one more than there should be, to see whether there are more
	size := destsTop + room*destSize
	if cap(k.dests) < size {
		k.dests = make([]byte, 1<<bits.Len(uint(size)))
	}
	b := k.dests[:size]
	clear(b)
	putLegacyKey(b, service)
	binary.NativeEndian.PutUint32(b[16:], uint32(room))
	if err := k.getsockopt(optDests, b); err != nil {
		return out, false, err
	}
	got := 0
	for ; got < room; got++ {
		d := legacyDest(service, b[destsTop+got*destSize:])
		if d.Key.Addr.Addr().IsUnspecified() { // no real server has this address, so it is the end
			break
		}
		out = append(out, d)
	}
	return out, got == n, nil
}

func putLegacyKey(b []byte, k spec.ServiceKey) {
	if k.FWMark != 0 {
		binary.NativeEndian.PutUint16(b, unix.IPPROTO_TCP)
		binary.NativeEndian.PutUint32(b[12:], k.FWMark)
		return
	}
	binary.NativeEndian.PutUint16(b, uint16(k.Proto))
	copy(b[4:], k.Addr.Addr().AsSlice())
	binary.BigEndian.PutUint16(b[8:], k.Addr.Port())
}

func legacyDest(service spec.ServiceKey, b []byte) spec.Row[spec.DestKey, spec.Dest] {
	d := spec.Dest{
		Weight: int32(binary.NativeEndian.Uint32(b[12:])),
		Upper:  binary.NativeEndian.Uint32(b[16:]),
		Lower:  binary.NativeEndian.Uint32(b[20:]),
	}
	return spec.Row[spec.DestKey, spec.Dest]{
		Key:   spec.DestKey{Service: service, Addr: legacyAddr(b)},
		Value: normalDest(d, binary.NativeEndian.Uint32(b[8:])),
	}
}
