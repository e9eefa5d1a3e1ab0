package health

import (
	"errors"
	"fmt"
	"time"

	"github.com/lbsync/lbsync/runtime/health/probe"
	"golang.org/x/sys/unix"
)

// failed is a failure that is the server's.
func failed(format string, args ...any) probe.Result {
	return probe.Result{Why: fmt.Sprintf(format, args...), Weight: -1}
}

func lacked(why string) probe.Result { return probe.Result{Local: true, Why: why, Weight: -1} }

var succeeded = probe.Result{OK: true, Weight: -1}

// connect begins a probe of the loop.
func (l *loop) connect(c *check) {
	to := c.Addr.Addr().Unmap()
	bind, res := c.source()
	if !res.OK {
		l.finish(c, res)
		return
	}
	fd, err := openSocket(to, bind, c.Path.Mark)
	if err != nil {
		l.finish(c, lacked(err.Error()))
		return
	}
	l.adopt(c, fd)
	err = connectSocket(fd, unmapped(c.Addr))
	if err == unix.EINPROGRESS {
		err = nil
	}
	if err != nil {
		l.finish(c, unconnected(c, err))
		return
	}
	l.fresh.add(c)
	l.wheel.add(c, c.began.add(c.Timeout))
}

// greet goes on with the probes that were just begun. Near servers have answered the first when the last is begun, and to ask all
// sockets once costs much less than to have each watched; the others are.
func (l *loop) greet() {
	for c, events := range l.fresh.take() {
		if events != 0 {
			l.event(c, events)
		}
		if c.stage == connecting || c.stage == talking {
			l.watch(c)
		}
	}
}

// watch has the loop told of what happens to the socket of a check.
func (l *loop) watch(c *check) {
	events := uint32(unix.EPOLLOUT)
	switch {
	case c.stage == talking && c.sent < 0:
		events = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET
	case c.plan.http != nil: // with edges it needs no other call to go from writing to reading
		events = unix.EPOLLOUT | unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET
	}
	if err := l.poller.watch(int(c.fd), events); err != nil {
		l.finish(c, lacked(fmt.Sprintf("watch a socket: %v", err)))
		return
	}
	c.watched = true
}

func unconnected(c *check, err error) probe.Result {
	why := "connect to " + c.Target() + ": " + err.Error()
	if ofThisHost(err) {
		return lacked(why)
	}
	return failed("%s", why)
}

// event is told what happened to the socket of a check.
func (l *loop) event(c *check, events uint32) {
	if c.stage == connecting {
		if events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			if err := rawError(int(c.fd)); err != nil {
				l.finish(c, unconnected(c, err))
				return
			}
		}
		if events&(unix.EPOLLOUT|unix.EPOLLHUP) == 0 {
			return
		}
		if c.plan.http == nil {
			l.finish(c, succeeded)
			return
		}
		c.stage = talking
	}
	if l.send(c) && events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		l.receive(c)
	}
}

// send writes what is left of the request; false: the probe is over.
func (l *loop) send(c *check) bool {
	if c.sent < 0 {
		return true
	}
	l.request = c.plan.http.request(l.request[:0], c.Addr)
	for int(c.sent) < len(l.request) {
		n, err := rawSend(int(c.fd), l.request[c.sent:])
		if err == unix.EAGAIN {
			return true
		}
		if err != nil {
			l.finish(c, broken(c, err))
			return false
		}
		c.sent += int32(n)
	}
	c.sent = -1 // all of it
	return true
}

// receive reads until the answer is certain, or there is nothing more for now.
func (l *loop) receive(c *check) {
	for c.stage == talking && (c.heard == nil || c.heard.end == open) {
		room := l.buffer
		if c.heard != nil {
			room = room[:mostHeard-len(c.heard.b)]
		}
		n, err := rawRead(int(c.fd), room)
		switch {
		case err == unix.EAGAIN:
			return
		case err != nil && c.heard == nil:
			l.finish(c, broken(c, err))
		case err != nil:
			c.heard.end, c.heard.err = cut, err
			l.weigh(c, c.heard)
		default:
			l.hear(c, room[:n])
		}
	}
}

// missing says what was still to come.
func (s *httpSettings) missing() string {
	if s.body == nil {
		return ""
	}
	return fmt.Sprintf(": body does not match %q so far", s.body)
}

// broken is an error of a connection that was made.
func broken(c *check, err error) probe.Result {
	if errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE) {
		return failed("reset by the server after %s", octets(c.length()))
	}
	if ofThisHost(err) {
		return lacked(err.Error())
	}
	return failed("%v, after %s", err, octets(c.length()))
}

func (c *check) length() int {
	if c.heard == nil {
		return 0
	}
	return len(c.heard.b)
}

// timedOut ends a probe of the loop whose time is over. While it connects, it is the kernel that answers; after that, each time this
// loop was late a server was asked later.
func (l *loop) timedOut(c *check) {
	lost := l.lost - c.lost
	switch {
	case c.stage == connecting:
		l.finish(c, failed("connect to %s: no answer within %s%s", c.Target(), c.Timeout, probe.PathHint(c.Check)))
	case lost > answerSlack(c.Timeout):
		l.finish(c, lacked(fmt.Sprintf("this host is late: by %s while the probe was under way", lost.Round(time.Millisecond))))
	case c.length() == 0:
		l.finish(c, failed("no answer within %s (connected, nothing received)", c.Timeout))
	default:
		if c.heard.end == open {
			c.heard.end = late
		}
		l.weigh(c, c.heard)
	}
}
