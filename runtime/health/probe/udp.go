package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// datagram is a check of kind udp: one datagram is sent. With a reply that is wanted, one that matches has to come; others are passed
// over. Without, as keepalived's UDP_CHECK has it, an ICMP error is the only failure, and silence is none: that a host is gone from the
// own network shows after the three seconds that its neighbour entry takes to fail, if the timeout is longer.
type datagram struct {
	dialer
	payload []byte
	reply   *regexp.Regexp // nil: none is needed
}

func newUDP(c spec.Check) (Probe, error) {
	d, err := newDialer(c)
	if err != nil {
		return nil, err
	}
	v := c.Settings.Values()
	u := datagram{dialer: d}
	if u.payload, err = spec.Payload(v.Get("payload")); err != nil {
		return nil, fmt.Errorf("read payload: %w", err)
	}
	if v.Has("reply") {
		if u.reply, err = regexp.Compile(v.Get("reply")); err != nil {
			return nil, fmt.Errorf("read reply: %w", err)
		}
	}
	return u.probe, nil
}

func (u datagram) probe(ctx context.Context) Result {
	conn, res := u.connect(ctx, "udp")
	if conn == nil {
		return res
	}
	defer func() { _ = conn.Close() }()
	if u.reply == nil { // silence has to be a success before it is a timeout
		_ = conn.SetReadDeadline(time.Now().Add(left(ctx, u.check) * 9 / 10))
	}
	if _, err := conn.Write(u.payload); err != nil {
		return failed(ctx, u.check, fmt.Sprintf("send to %v", u.check.Addr), err)
	}
	return u.hear(ctx, conn)
}

// mostReply is how much of a datagram is read. Thousands of probes may wait at the same time.
const mostReply = 4096

func (u datagram) hear(ctx context.Context, conn net.Conn) Result {
	b := make([]byte, mostReply)
	other := 0
	for {
		n, err := conn.Read(b)
		switch {
		case u.reply == nil && errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(ctx.Err(), context.Canceled):
			return ok
		case err != nil && other > 0:
			return failed(ctx, u.check, fmt.Sprintf("wait for a reply of %v that matches %q, of which %d did not", u.check.Addr, u.reply, other), err)
		case err != nil:
			return failed(ctx, u.check, fmt.Sprintf("wait for a reply of %v", u.check.Addr), err)
		case u.reply == nil || u.reply.Match(b[:n]):
			return ok
		}
		other++
	}
}
