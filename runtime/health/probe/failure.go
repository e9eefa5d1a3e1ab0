package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"syscall"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// ok is a success that asks for no weight.
var ok = Result{OK: true, Weight: -1}

// bad is a failure of what is probed.
func bad(format string, args ...any) Result {
	return Result{Why: fmt.Sprintf(format, args...), Weight: -1}
}

// local is a fault of this host.
func local(format string, args ...any) Result {
	return Result{Local: true, Why: fmt.Sprintf(format, args...), Weight: -1}
}

// failed is what an error comes to that ended a probe while it was doing something. ctx tells a timeout, which is the server's, from
// a probe that was given up, which says nothing.
func failed(ctx context.Context, c spec.Check, doing string, err error) Result {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return local("%s: given up", doing)
	case ofThisHost(err):
		return local("%s: %s", doing, cause(err))
	case ctx.Err() != nil, timedOut(err):
		return bad("%s: timeout after %v", doing, c.Timeout)
	case errors.Is(err, syscall.EACCES):
		return bad("%s: prohibited, by a filter on the way or by a route of this host", doing)
	}
	return bad("%s: %s", doing, cause(err))
}

// timedOut says whether the deadline of a socket passed, which is that of the probe and fires a moment before it, or the kernel gave up.
func timedOut(err error) bool {
	t, is := errors.AsType[net.Error](err)
	return is && t.Timeout()
}

// thisHost are the errors that tell of this host and not of the way to the server: it lacks descriptors, ports or memory, has not the
// source address, or does not let the probe out. A missing route is not among them: without one the packets of clients do not reach
// the server either. Nor is EACCES: a filter on the way says so, by ICMPv6 (net/ipv6/icmp.c, tab_unreach), as firewalld's does.
var thisHost = []error{
	syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL, syscall.EADDRINUSE, syscall.EAGAIN,
	syscall.EPERM, syscall.EAFNOSUPPORT,
}

func ofThisHost(err error) bool {
	return slices.ContainsFunc(thisHost, func(is error) bool { return errors.Is(err, is) })
}

// cause is an error without the addresses that the net package wraps around it: the message names what is probed already.
func cause(err error) string {
	if e, is := errors.AsType[syscall.Errno](err); is {
		return e.Error()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "closed by the server"
	}
	if e, is := errors.AsType[*net.OpError](err); is {
		return e.Err.Error()
	}
	return err.Error()
}

// left is the time until the end of ctx; a probe without one has the check's timeout.
func left(ctx context.Context, c spec.Check) time.Duration {
	if end, has := ctx.Deadline(); has {
		return time.Until(end)
	}
	return c.Timeout
}
