package kernel

import "errors"

// ErrOverrun is the error of Drain when events came faster than they were read and some are lost: read everything again.
var ErrOverrun = errors.New("events of interfaces and addresses were lost")

// LinkEvent is an interface that appeared, changed or, when Gone, was deleted.
type LinkEvent struct {
	Link
	Gone bool
}

// AddressEvent is an address that appeared, changed or, when Gone, was removed.
type AddressEvent struct {
	LiveAddress
	Gone bool
}

// Watcher hears of changes to interfaces and addresses in the network namespace of the thread that opened it.
type Watcher struct{}

// OpenWatcher begins to listen. What was before is not told: read it after opening.
func OpenWatcher() (*Watcher, error) { return nil, errors.ErrUnsupported }

// FD is for poll.
func (w *Watcher) FD() int { return -1 }

// Drain hands on, in order, all events that are there; it does not block.
func (w *Watcher) Drain(link func(LinkEvent), address func(AddressEvent)) error { return nil }

// Close stops listening.
func (w *Watcher) Close() error { return nil }
