package kernel

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

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

// Watcher hears of changes to interfaces and addresses in the network namespace of the thread that opened it. Its methods belong to one
// goroutine.
type Watcher struct{ socket *routeSocket }

// OpenWatcher begins to listen. What was before is not told: read it after opening.
func OpenWatcher() (*Watcher, error) {
	s, err := openRouteSocket()
	if err != nil {
		return nil, err
	}
	for _, group := range []int{unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR} {
		if err := unix.SetsockoptInt(s.fd, unix.SOL_NETLINK, unix.NETLINK_ADD_MEMBERSHIP, group); err != nil {
			return nil, fmt.Errorf("listen to changes of interfaces: %w", closing(s.fd, err))
		}
	}
	return &Watcher{s}, nil
}

// FD is for poll.
func (w *Watcher) FD() int { return w.socket.fd }

// Close stops listening.
func (w *Watcher) Close() error { return unix.Close(w.socket.fd) }

// Drain hands on, in order, all events that are there; it does not block. After ErrOverrun the next Drain goes on behind the gap.
func (w *Watcher) Drain(link func(LinkEvent), address func(AddressEvent)) error {
	for {
		n, errno := rawRead(w.socket.fd, w.socket.read)
		switch errno {
		case 0:
		case unix.EAGAIN:
			return nil
		case unix.ENOBUFS:
			return ErrOverrun
		default:
			return fmt.Errorf("read changes of interfaces: %w", errno)
		}
		for a, err := range answers(w.socket.read[:n]) {
			if err == nil {
				err = a.event(link, address)
			}
			if err != nil {
				return err
			}
		}
	}
}

func (a answer) event(link func(LinkEvent), address func(AddressEvent)) error {
	switch a.typ {
	case unix.RTM_NEWLINK, unix.RTM_DELLINK:
		found, ok, err := decodeLink(a.body)
		if ok && err == nil {
			link(LinkEvent{found, a.typ == unix.RTM_DELLINK})
		}
		return err
	case unix.RTM_NEWADDR, unix.RTM_DELADDR:
		found, ok, err := decodeAddress(a.body)
		if ok && err == nil {
			address(AddressEvent{found, a.typ == unix.RTM_DELADDR})
		}
		return err
	}
	return nil
}
