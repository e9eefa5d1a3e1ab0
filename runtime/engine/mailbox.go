package engine

import (
	"fmt"
	"sync"

	"golang.org/x/sys/unix"
)

// mailbox has functions for another goroutine to run, in order. Posting never waits; the eventfd is for the poll of the owner.
type mailbox struct {
	fd int

	mu     sync.Mutex // held for a few instructions
	posted []func()
	spare  []func()
}

func newMailbox() (*mailbox, error) {
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make eventfd: %w", err)
	}
	return &mailbox{fd: fd}, nil
}

func (m *mailbox) post(f func()) {
	m.mu.Lock()
	m.posted = append(m.posted, f)
	m.mu.Unlock()
	// EAGAIN, the only error there can be, means that it is readable already.
	_, _ = unix.Write(m.fd, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

// run does what was posted, and says whether there was anything.
func (m *mailbox) run() bool {
	var drained [8]byte
	_, _ = unix.Read(m.fd, drained[:]) // EAGAIN: another run has taken it
	m.mu.Lock()
	work := m.posted
	m.posted, m.spare = m.spare[:0], work
	m.mu.Unlock()
	for n, f := range work {
		f()
		work[n] = nil
	}
	return len(work) > 0
}

func (m *mailbox) close() error { return unix.Close(m.fd) }
