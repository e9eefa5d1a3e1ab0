package kernel

import (
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// open opens a socket to generic netlink, which every kernel has; its controller answers as any family does.
func open(t *testing.T) *socket {
	t.Helper()
	s, err := openSocket()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	return s
}

// ask collects a request for the number of a family.
func ask(s *socket, name string, flags uint16) uint32 {
	seq := s.begin(ctrlID, ctrlGetFamily, ctrlVersion, flags)
	if name != "" { // without one the request is EINVAL; an unknown one would be looked for among the modules first
		s.out.text(ctrlAttrName, name)
	}
	s.out.end()
	return seq
}

// TestPacked: of messages sent in one call, each that fails is answered by its number, though only the last asks for an answer.
func TestPacked(t *testing.T) {
	s := open(t)
	var first uint32
	for i := range batchMessages {
		name := "nlctrl"
		if i%3 == 1 {
			name = ""
		}
		if seq := ask(s, name, 0); i == 0 {
			first = seq
		}
	}
	s.out.ackLast()
	failed := map[uint32]bool{}
	err := s.exchange(t.Context(), func(a answer) (bool, error) {
		if a.typ != unix.NLMSG_ERROR {
			return false, nil
		}
		errno, err := a.outcome()
		failed[a.seq-first] = errno == unix.EINVAL
		return a.seq-first == batchMessages-1, err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint32(batchMessages) {
		if failed[i] != (i%3 == 1) {
			t.Errorf("message %d failed: %v", i, failed[i])
		}
	}
}

// TestLostAnswers: where answers do not fit the receive buffer, that is an error, not a wait for what never comes.
func TestLostAnswers(t *testing.T) {
	s := open(t)
	err := s.conn.Control(func(fd uintptr) {
		if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 1); err != nil {
			t.Fatal(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for range batchMessages {
		ask(s, "", 0)
	}
	s.out.ackLast()
	err = s.exchange(t.Context(), func(answer) (bool, error) { return false, nil })
	if !errors.Is(err, errLost) {
		t.Errorf("error %v, want %v", err, errLost)
	}
}

// TestCancelled: a wait ends with its context.
func TestCancelled(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer s.watch(ctx)()
	s.begin(unix.NLMSG_NOOP, 0, 0, 0) // is never answered
	s.out.end()
	go cancel()
	err := s.exchange(ctx, func(answer) (bool, error) { return false, nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// TestOldAnswers: what still comes to a request that was given up does not count for the next.
func TestOldAnswers(t *testing.T) {
	s := open(t)
	ask(s, "", unix.NLM_F_ACK)
	if err := s.send(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.out.reset()
	want := ask(s, "nlctrl", unix.NLM_F_ACK)
	err := s.exchange(t.Context(), func(a answer) (bool, error) {
		if a.seq != want {
			t.Errorf("answer to %d, want %d", a.seq, want)
		}
		return a.typ == unix.NLMSG_ERROR, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenNames(t *testing.T) {
	if _, err := Open(Options{Namespace: "no-such-namespace"}); err == nil || !strings.Contains(err.Error(), "no-such-namespace") {
		t.Errorf("error %v", err)
	}
}
