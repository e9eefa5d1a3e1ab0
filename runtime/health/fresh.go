package health

import (
	"iter"

	"golang.org/x/sys/unix"
)

// fresh are probes of the loop that were just begun, with sockets that nobody watches yet.
type fresh struct {
	checks []*check
	polls  []unix.PollFd
}

func (f *fresh) add(c *check) {
	f.checks = append(f.checks, c)
	f.polls = append(f.polls, unix.PollFd{Fd: c.fd, Events: unix.POLLOUT})
}

// take is each with what has happened to its socket, in the bits of epoll(7), which are those of poll(2); none is left.
func (f *fresh) take() iter.Seq2[*check, uint32] {
	return func(yield func(*check, uint32) bool) {
		// Where the kernel does not say, all are watched.
		known := len(f.polls) > 0 && rawPoll(f.polls) == nil
		for i, c := range f.checks {
			events := uint32(0)
			if known {
				events = uint32(uint16(f.polls[i].Revents))
			}
			if !yield(c, events) {
				break
			}
		}
		clear(f.checks)
		f.checks, f.polls = f.checks[:0], f.polls[:0]
	}
}
