// Package journaltest has a disk that dies, refuses or hangs, for tests of what writes a journal.
package journaltest

import (
	"errors"
	"os"
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
	synced map[string]int64 // length that a power loss leaves, by path
}

// DieAt lets the process die in operation n (1 is the first one of this disk): of a write the first keep bytes are written, any other
// operation is not done. Create, WriteAt, Truncate and Sync are operations.
func (d *Disk) DieAt(n, keep int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dieAt, d.keep = n, keep
}

// LosePower cuts every segment of this disk to what was synced last: the worst that a power loss may do to appended bytes.
func (d *Disk) LosePower() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for path, size := range d.synced {
		errs = append(errs, os.Truncate(path, size))
	}
	return errors.Join(errs...)
}

func (d *Disk) track(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.synced == nil {
		d.synced = map[string]int64{}
	}
	d.synced[path] = st.Size()
	return nil
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
	return d.wrap(path, journal.OS.Create)
}

// Open opens a segment of the real disk. It changes nothing, so it is no operation.
func (d *Disk) Open(path string) (journal.File, error) {
	return d.wrap(path, journal.OS.Open)
}

func (d *Disk) wrap(path string, open func(string) (journal.File, error)) (journal.File, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	if err := d.track(path); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &file{d, path, f}, nil
}

type file struct {
	disk *Disk
	path string
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
	if err := f.File.Sync(); err != nil {
		return err
	}
	return f.disk.track(f.path)
}
