// Package journaltest has a disk that dies, refuses or hangs, for tests of what writes a journal.
package journaltest

import (
	"errors"
	"sync"

	"github.com/lbsync/lbsync/reconcile/journal"
)

// ErrDead is what every operation returns once the disk has died: the process is gone, what it wrote before stays.
var ErrDead = errors.New("the process died")

// Disk is the real disk with faults. The zero Disk has none.
type Disk struct {
	mu     sync.Mutex
	ops    int
	dieAt  int // number of the operation; 0 is never
	keep   int
	refuse error
	gate   chan struct{}
}

// DieAt lets the process die in operation n (1 is the first one of this disk): of a write the first keep bytes are written, any other
// operation is not done. Create, WriteAt, Truncate and Sync are operations.
func (d *Disk) DieAt(n, keep int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dieAt, d.keep = n, keep
}

// Refuse makes every operation but Truncate fail, a write after half of its bytes; nil ends it.
func (d *Disk) Refuse(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse = err
}

// Hang makes every operation wait until release is called.
func (d *Disk) Hang() (release func()) {
	gate := make(chan struct{})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gate = gate
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.gate = nil
		close(gate)
	}
}

// Operations is how many operations were begun.
func (d *Disk) Operations() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// begin counts an operation and says what becomes of it: of a write of n bytes, how many are written.
func (d *Disk) begin(n int) (write int, err error) {
	d.mu.Lock()
	d.ops++
	gate, ops, dieAt, keep, refuse := d.gate, d.ops, d.dieAt, d.keep, d.refuse
	d.mu.Unlock()
	if gate != nil {
		<-gate
	}
	switch {
	case dieAt != 0 && ops == dieAt:
		return min(keep, n), ErrDead
	case dieAt != 0 && ops > dieAt:
		return 0, ErrDead
	case refuse != nil:
		return n / 2, refuse
	}
	return n, nil
}

// Create makes a segment on the real disk.
func (d *Disk) Create(path string) (journal.File, error) {
	if _, err := d.begin(0); err != nil {
		return nil, err
	}
	f, err := journal.OS.Create(path)
	return &file{d, f}, err
}

// Open opens a segment of the real disk. It changes nothing, so it is no operation.
func (d *Disk) Open(path string) (journal.File, error) {
	f, err := journal.OS.Open(path)
	return &file{d, f}, err
}

type file struct {
	disk *Disk
	journal.File
}

func (f *file) WriteAt(b []byte, off int64) (int, error) {
	n, err := f.disk.begin(len(b))
	if err == nil {
		return f.File.WriteAt(b, off)
	}
	if n > 0 {
		n, _ = f.File.WriteAt(b[:n], off)
	}
	return n, err
}

func (f *file) Truncate(size int64) error {
	if _, err := f.disk.begin(0); errors.Is(err, ErrDead) {
		return err
	}
	return f.File.Truncate(size)
}

func (f *file) Sync() error {
	if _, err := f.disk.begin(0); err != nil {
		return err
	}
	return f.File.Sync()
}
