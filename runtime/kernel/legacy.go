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
	at    int // in the kernel's answer
}

// legacyServices are all IPv4 services, in order. The kernel neither says how many it has returned nor that there were more than
// asked for; both show in whether their number was the same before and after.
func (k *Kernel) legacyServices() (out []legacyService, err error) {
	err = settled(func() error {
		n, err := k.legacyCount()
		if err != nil {
			return err
		}
		b := make([]byte, servicesTop+n*serviceSize)
		binary.NativeEndian.PutUint32(b, uint32(n))
		if err := k.getsockopt(optServices, b); err != nil {
			return err
		}
		out = make([]legacyService, n)
		for at := range n {
			s := decodeLegacyService(b[servicesTop+at*serviceSize:])
			s.at = at
			out[k.place(at, n)] = s
		}
		if after, err := k.legacyCount(); err != nil || after != n {
			return unix.EINTR
		}
		return nil
	})
	slices.SortFunc(out, func(a, b legacyService) int { return a.Key.Compare(b.Key) })
	k.placed(out)
	return out, err
}

// place is where the entry of an answer with n of them belongs, if the kernel lists the services as it did last: its order is that of a
// hash table, and to sort what is in order already costs one pass.
func (k *Kernel) place(at, n int) int {
	if len(k.places) != n {
		return at
	}
	return k.places[at]
}

func (k *Kernel) placed(services []legacyService) {
	k.places = make([]int, len(services))
	for i := range services {
		k.places[services[i].at] = i
	}
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

// legacyEntries are the real servers of one service as the kernel gives them: of IPv4, without tunnels, and mostly the newest first.
type legacyEntries []byte

// legacyDests reads the n real servers of an IPv4 service; the answer is valid until the next. complete is false where they are not n,
// because they changed meanwhile or because some are of the other family.
func (k *Kernel) legacyDests(service spec.ServiceKey, n int) (_ legacyEntries, complete bool, err error) {
	room := n + 1 // one more than there should be, to see whether there are more
	size := destsTop + room*destSize
	if cap(k.dests) < size {
		k.dests = make([]byte, 1<<bits.Len(uint(size)))
	}
	b := k.dests[:size]
	clear(b[:destsTop])
	putLegacyKey(b, service)
	binary.NativeEndian.PutUint32(b[16:], uint32(room))
	for at := destsTop; at < size; at += destSize {
		clear(b[at : at+4])
	}
	if err := k.getsockopt(optDests, b); err != nil {
		return nil, false, err
	}
	got := 0
	for ; got < room; got++ {
		if [4]byte(b[destsTop+got*destSize:]) == [4]byte{} { // no real server has this address, so it is the end
			break
		}
	}
	return b[destsTop : destsTop+got*destSize], got == n, nil
}

func (e legacyEntries) len() int                  { return len(e) / destSize }
func (e legacyEntries) addr(i int) netip.AddrPort { return legacyAddr(e[i*destSize:]) }

func (e legacyEntries) value(i int) spec.Dest {
	b := e[i*destSize:]
	return normalDest(spec.Dest{
		Weight: int32(binary.NativeEndian.Uint32(b[12:])),
		Upper:  binary.NativeEndian.Uint32(b[16:]),
		Lower:  binary.NativeEndian.Uint32(b[20:]),
	}, binary.NativeEndian.Uint32(b[8:]))
}

// same says whether they are what they were, as far as can be seen. Each has an address of its own, so as many as there were, each
// found among those, are all of them.
func (e legacyEntries) same(was spec.Rows[spec.DestKey, spec.Dest]) bool {
	n := e.len()
	if n != len(was) {
		return false
	}
	for i := range n {
		addr := e.addr(i)
		old := &was[n-1-i] // where they were added in order
		if old.Key.Addr != addr {
			at, ok := slices.BinarySearchFunc(was, addr, func(r spec.Row[spec.DestKey, spec.Dest], a netip.AddrPort) int { return r.Key.Addr.Compare(a) })
			if !ok {
				return false
			}
			old = &was[at]
		}
		if withoutTunnel(old.Value) != e.value(i) {
			return false
		}
	}
	return true
}

// rows are they in order.
func (e legacyEntries) rows(service spec.ServiceKey) spec.Rows[spec.DestKey, spec.Dest] {
	out := make(spec.Rows[spec.DestKey, spec.Dest], e.len())
	for i := range out {
		out[i].Key, out[i].Value = spec.DestKey{Service: service, Addr: e.addr(i)}, e.value(i)
	}
	sortDests(out)
	return out
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
