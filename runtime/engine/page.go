package engine

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// page is memory that outlives the process: a file that is mapped. A kill -9 loses nothing of it, and a store costs what a store costs.
// Only the loop writes it.
type page struct {
	file *os.File
	mem  []byte
	*layout
}

// The sizes of the page. The process takes memory as it is touched, the file has its room at once.
const (
	slotsMax = 4096 // instances
	ringSize = 4096 // events that wait for an agent
)

// layout is the page from its first byte on.
type layout struct {
	mark   [24]byte // format and boot
	serial uint64   // of the newest event
	used   uint32   // slots that ever had a name are below this
	slots  [slotsMax]slot
	ring   [ringSize]record
}

// slot is what has to be known of an instance to resume it. An empty name is a free slot.
type slot struct {
	name        text
	state       uint8 // of vrrp.State
	last        int64 // time since boot of the last advertisement as master, in ns; stored after all else
	since       int64 // wall clock in ns, to be shown
	transitions uint64
	why         text
}

// text is a string of fixed size, cut where it is longer.
type text struct {
	n uint8
	b [127]byte
}

func (t *text) set(s string) { t.n = uint8(copy(t.b[:], s)) }

func (t *text) String() string { return string(t.b[:min(int(t.n), len(t.b))]) }

// format changes with layout, and with the meaning of what is in it.
const format = "lbsync 1"

// mark is the format and a digest of the boot id: what was written before a reboot means nothing.
func mark() (m [24]byte, err error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return m, fmt.Errorf("read boot id: %w", err)
	}
	sum := sha256.Sum256(id)
	copy(m[:8], format)
	copy(m[8:], sum[:])
	return m, nil
}

// openPage maps the file, and locks it: two engines on one state would both believe to be master.
func openPage(path string) (_ *page, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open roles of engine: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, fmt.Errorf("lock %s, which another engine may hold: %w", path, err)
	}
	size := int(unsafe.Sizeof(layout{}))
	if err := reserve(f, size); err != nil {
		return nil, err
	}
	mem, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map roles of engine: %w", err)
	}
	p := &page{f, mem, (*layout)(unsafe.Pointer(&mem[0]))}
	m, err := mark()
	if err == nil && p.mark != m {
		err = p.clear(m)
	}
	if err != nil {
		return nil, errors.Join(err, unix.Munmap(mem))
	}
	return p, nil
}

// onDisk says whether a file is on something else than a tmpfs. Then a store to the page may wait for the disk, and the
// loop with it.
func onDisk(path string) bool {
	var fs unix.Statfs_t
	return unix.Statfs(path, &fs) != nil || fs.Type != unix.TMPFS_MAGIC
}

// reserve gives the file its size, and takes the room for all of it now: a store to a page that a full tmpfs has no room for ends
// the process (SIGBUS), in the middle of a transition.
func reserve(f *os.File, size int) error {
	err := f.Truncate(int64(size))
	for again := err == nil; again; again = errors.Is(err, unix.EINTR) {
		err = unix.Fallocate(int(f.Fd()), 0, 0, int64(size))
	}
	if err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
		return fmt.Errorf("reserve %d KiB for roles of engine, make room for them: %w", size>>10, err)
	}
	return nil
}

// clear makes the page empty: by cutting the file, since writing zeros would take the memory of the process too.
func (p *page) clear(m [24]byte) error {
	if err := p.file.Truncate(0); err != nil {
		return fmt.Errorf("clear roles of engine: %w", err)
	}
	if err := reserve(p.file, len(p.mem)); err != nil {
		return err
	}
	p.mark = m
	return nil
}

func (p *page) close() error {
	return errors.Join(unix.Munmap(p.mem), p.file.Close())
}

// find is the slot of an instance, which is made if there is none; nil: all are taken.
func (p *page) find(i spec.InstanceKey) *slot {
	var free *slot
	for n := range p.inUse() {
		switch s := &p.slots[n]; {
		case s.name.n == 0 && free == nil:
			free = s
		case s.name.n != 0 && s.name.String() == string(i):
			return s
		}
	}
	if free == nil && p.used < slotsMax {
		free = &p.slots[p.used]
		p.used++
	}
	if free != nil {
		*free = slot{}
		free.name.set(string(i))
	}
	return free
}

// inUse is how many slots have to be looked at: memory that was never touched is none.
func (p *page) inUse() int { return int(min(p.used, slotsMax)) }

// prune frees the slots of instances that are no longer wanted.
func (p *page) prune(wanted func(spec.InstanceKey) bool) {
	for n := range p.inUse() {
		if s := &p.slots[n]; s.name.n != 0 && !wanted(spec.InstanceKey(s.name.String())) {
			s.name.n = 0
		}
	}
}

// advertised notes that an advertisement of the master went out.
func (s *slot) advertised(boot time.Duration) { atomic.StoreInt64(&s.last, int64(boot)) }

// fresh says whether the last advertisement was sent within a time before boot: peers then still wait for the next.
func (s *slot) fresh(boot, within time.Duration) bool {
	age := boot - time.Duration(atomic.LoadInt64(&s.last))
	return age >= 0 && age <= within
}
