package kernel

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// The controller of generic netlink (include/uapi/linux/genetlink.h), which knows the numbers of the families.
const (
	ctrlID        = 0x10
	ctrlGetFamily = 3
	ctrlAttrID    = 1
	ctrlAttrName  = 2
	ctrlVersion   = 2
)

// resolve finds the number of the IPVS family, which it has from the moment its module is loaded. It differs from boot to boot.
func (k *Kernel) resolve(ctx context.Context) error {
	s := k.socket
	s.out.reset()
	s.begin(ctrlID, ctrlGetFamily, ctrlVersion, unix.NLM_F_ACK)
	s.out.text(ctrlAttrName, familyName)
	s.out.end()
	return k.answers(ctx, func(a answer) error {
		at := a.attributes()
		for at.next() {
			if at.typ == ctrlAttrID {
				k.family = at.u16()
			}
		}
		return at.err
	})
}

// request opens the one message of a request.
func (k *Kernel) request(cmd uint8, flags uint16) *messages {
	k.socket.out.reset()
	k.socket.begin(k.family, cmd, familyVersion, flags)
	return &k.socket.out
}

// answers sends the request and hands its answers to on, up to the final verdict, which is the error. A dump that changed while it
// was read is EINTR. An exchange that does not come to its verdict costs the socket.
func (k *Kernel) answers(ctx context.Context, on func(answer) error) error {
	var verdict error
	err := k.socket.exchange(ctx, func(a answer) (bool, error) {
		if a.flags&unix.NLM_F_DUMP_INTR != 0 {
			verdict = unix.EINTR
		}
		switch a.typ {
		case unix.NLMSG_DONE, unix.NLMSG_ERROR:
			errno, err := a.outcome()
			if errno != 0 {
				verdict = errno
			}
			return true, err
		case unix.NLMSG_NOOP:
			return false, nil
		}
		return false, on(a)
	})
	if err != nil {
		return k.drop(err)
	}
	return verdict
}

const maxTorn = 5

// settled repeats a read for as long as the tables change under it.
func settled(read func() error) error {
	for range maxTorn {
		if err := read(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
	return fmt.Errorf("the tables changed during each of %d reads", maxTorn)
}
