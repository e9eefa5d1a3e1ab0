package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/identity"
)

// guard is a listener whose connections are those of trusted keys: it does the handshakes, within their bounds.
type guard struct {
	net.Listener
	channel *Channel
	ctx     context.Context
	ready   chan net.Conn
	slots   chan struct{}
	closed  chan struct{}
	close   sync.Once
	running sync.WaitGroup
}

func (c *Channel) guard(ctx context.Context, l net.Listener) *guard {
	g := &guard{Listener: l, channel: c, ctx: ctx, ready: make(chan net.Conn), slots: make(chan struct{}, maxShakes), closed: make(chan struct{})}
	g.running.Go(g.run)
	return g
}

// Accept is the next connection that passed.
func (g *guard) Accept() (net.Conn, error) {
	select {
	case conn := <-g.ready:
		return conn, nil
	case <-g.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept; the server does it first when it shuts down.
func (g *guard) Close() error {
	g.close.Do(func() { close(g.closed) })
	return g.Listener.Close()
}

// wait is for the end of all handshakes, after ctx ended and the listener was closed.
func (g *guard) wait() { g.running.Wait() }

// acceptPause is after an error of accept(2), such as too many open files, which goes on until something else ends.
const acceptPause = 100 * time.Millisecond

func (g *guard) run() {
	for {
		raw, err := g.Listener.Accept()
		switch {
		case err == nil:
			g.meet(raw)
		case errors.Is(err, net.ErrClosed) || g.ctx.Err() != nil:
			return
		default:
			select {
			case <-g.ctx.Done():
			case <-time.After(acceptPause):
			}
		}
	}
}

// meet begins a handshake, if there may be one more.
func (g *guard) meet(raw net.Conn) {
	from := addressOf(raw)
	if !g.channel.shakes.allow(network(from), time.Now()) {
		g.channel.refused.add(from, "", refusal{spec.RefusedTooMany, "", fmt.Sprintf("more than %d connections a second", shakesASecond)}, time.Now())
		_ = raw.Close()
		return
	}
	select {
	case g.slots <- struct{}{}:
		g.running.Go(func() {
			defer func() { <-g.slots }()
			g.shake(raw, from)
		})
	default:
		g.channel.refused.add(from, "", refusal{spec.RefusedTooMany, "", fmt.Sprintf("%d others are in their handshake", maxShakes)}, time.Now())
		_ = raw.Close()
	}
}

func (g *guard) shake(raw net.Conn, from netip.Addr) {
	ctx, cancel := context.WithTimeout(g.ctx, shakeWithin)
	defer cancel()
	key := ""
	conn := tls.Server(raw, g.channel.keys.Server(func(public string) error {
		key = public
		return g.channel.admit(public)
	}))
	l := &link{Conn: conn, channel: g.channel, from: from}
	err := conn.HandshakeContext(ctx)
	if err == nil {
		err = g.channel.register(l, key)
	}
	if err != nil {
		if g.ctx.Err() == nil {
			g.channel.refused.add(from, key, reason(err), time.Now())
		}
		linger(raw)
		return
	}
	select {
	case g.ready <- l:
	case <-g.closed:
		_ = l.Close()
	}
}

// reason is what an error of the handshake is counted by.
func reason(err error) refusal {
	if r, ok := errors.AsType[refusal](err); ok {
		return r
	}
	switch timeout, ok := errors.AsType[net.Error](err); {
	case errors.Is(err, identity.ErrKeyless):
		return refusal{spec.RefusedNoKey, "", identity.ErrKeyless.Error()}
	case ok && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return refusal{spec.RefusedHandshake, "", fmt.Sprintf("no handshake within %v", shakeWithin)}
	case errors.Is(err, io.EOF):
		return refusal{spec.RefusedHandshake, "", "it ended the connection in the handshake"}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		err = op.Err
	}
	return refusal{spec.RefusedHandshake, "", err.Error()}
}

// linger closes a refused connection so that the client reads the alert: closing with unread data would reset it, and the alert with it
// (RFC 9112, 9.6, has the same trouble).
func linger(raw net.Conn) {
	const most, within = 64 << 10, 500 * time.Millisecond
	if tcp, ok := raw.(*net.TCPConn); ok && tcp.CloseWrite() == nil {
		_ = tcp.SetReadDeadline(time.Now().Add(within))
		_, _ = io.CopyN(io.Discard, tcp, most)
	}
	_ = raw.Close()
}

// link is a connection of a trusted key.
type link struct {
	net.Conn
	channel *Channel
	from    netip.Addr
	caller
}

// Close counts it out.
func (l *link) Close() error {
	l.channel.unregister(l)
	return l.Conn.Close()
}

func addressOf(conn net.Conn) netip.Addr {
	at, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

// network is what one caller has of addresses: a host gets a whole /64 of IPv6.
func network(a netip.Addr) string {
	if a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return ""
	}
	return p.String()
}
