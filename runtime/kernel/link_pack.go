package kernel

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// pack sends n messages, many in one system call. write adds message i, or says why there can be none. The errors are in the order of
// messages, nil where it went well.
func (s *routeSocket) pack(n int, write func(i int) error) []error {
	errs := make([]error, n)
	var sent []int
	for i := range n {
		seq, size := s.seq, len(s.out.buf)
		if errs[i] = write(i); errs[i] != nil {
			s.seq, s.out.buf = seq, s.out.buf[:size]
			continue
		}
		s.out.end()
		if sent = append(sent, i); len(sent) == batchMessages {
			s.flush(sent, errs)
			sent = sent[:0]
		}
	}
	if len(sent) > 0 {
		s.flush(sent, errs)
	}
	return errs
}

// flush sends the collected messages. The kernel works through them in order, goes on after one that fails, and answers those and,
// because it is asked to, the last (ackLast).
func (s *routeSocket) flush(sent []int, errs []error) {
	s.out.ackLast()
	first := s.seq - uint32(len(sent)) + 1
	err := s.exchange(func(a answer) (bool, error) {
		at := int(a.seq - first)
		if a.typ != unix.NLMSG_ERROR || at >= len(sent) {
			return false, nil
		}
		errno, err := a.outcome()
		if errno != 0 {
			errs[sent[at]] = errno
		}
		return at == len(sent)-1, err
	})
	for _, i := range sent {
		if errs[i] == nil {
			errs[i] = err // the verdicts that did not come
		}
	}
}

// naming says of what each error is.
func naming(errs []error, what func(i int) string) []error {
	for i, err := range errs {
		if err != nil {
			errs[i] = fmt.Errorf("%s: %w", what(i), err)
		}
	}
	return errs
}
