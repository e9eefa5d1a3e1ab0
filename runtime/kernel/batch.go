package kernel

import (
	"cmp"
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// The most that goes in one system call. More is no faster, and the answers to a batch that fails whole must fit the receive
// buffer.
const (
	batchMessages = 256
	batchBytes    = 64 << 10
)

// batch collects changes and sends them packed.
type batch struct {
	k       *Kernel
	changes []spec.Change
	errs    []error
	sent    []int  // the changes whose messages are collected, in their order
	first   uint32 // the number of the first message
	dead    error  // the connection was given up over this
}

func (b *batch) add(ctx context.Context, i int) {
	s, c := b.k.socket, b.changes[i]
	if len(b.sent) == 0 {
		s.out.reset()
		b.first = s.seq + 1
	}
	s.begin(b.k.family, commandOf(c), familyVersion, 0)
	s.out.command(c)
	s.out.end()
	if b.sent = append(b.sent, i); len(b.sent) == batchMessages || len(s.out.buf) > batchBytes {
		b.flush(ctx)
	}
}

// flush sends what is collected and waits for its verdicts: one for each message that failed, and one for the last.
func (b *batch) flush(ctx context.Context) {
	if len(b.sent) == 0 {
		return
	}
	b.k.socket.out.ackLast()
	known := 0 // messages up to here have their verdict: the kernel answers in order
	err := b.k.socket.exchange(ctx, func(a answer) (bool, error) {
		n := int(a.seq - b.first)
		if a.typ != unix.NLMSG_ERROR || n >= len(b.sent) {
			return false, nil
		}
		errno, err := a.outcome()
		if i := b.sent[n]; errno != 0 {
			b.errs[i] = Refused(b.changes[i], errno)
		}
		known = n + 1
		return known == len(b.sent), err
	})
	if err != nil {
		b.dead = b.k.drop(err)
		for _, i := range b.sent[known:] {
			b.errs[i] = Failed(b.changes[i], err)
		}
	}
	b.sent = b.sent[:0]
}

// stop is why nothing more should be sent.
func (b *batch) stop(ctx context.Context) error {
	if b.k.socket == nil && b.dead == nil {
		b.dead = errLost
	}
	return cmp.Or(b.dead, ctx.Err())
}

// fail gives all changes from i on the same cause.
func (b *batch) fail(i int, cause error) {
	for ; i < len(b.changes); i++ {
		b.errs[i] = Failed(b.changes[i], errors.Join(errNotTried, cause))
	}
}

var errNotTried = errors.New("not tried")
