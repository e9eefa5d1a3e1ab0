package probe

import (
	"context"
	"crypto/rand"
	"net"
	"net/netip"

	"github.com/lbsync/lbsync/spec"
)

// echo is a check of kind ping: one ICMP echo (RFC 792, RFC 4443 section 4.1).
type echo struct {
	check spec.Check
	bind  netip.Addr // source address, if valid
}

func newPing(c spec.Check) (Probe, error) {
	bind, err := bindOf(c)
	return echo{c, bind}.probe, err
}

func (e echo) probe(ctx context.Context) Result {
	to := e.check.Addr.Addr()
	s := &echoes4
	if to.Is6() {
		s = &echoes6
	}
	w := waiter{to: to, heard: make(chan Result, 1)}
	_, _ = rand.Read(w.token[:]) // never fails
	seq, err := s.enter(&w)
	if err != nil {
		return local("ping %v: %v", to, err)
	}
	defer s.leave(seq, &w)
	if err := s.send(seq, &w, e.bind); err != nil {
		if e.bind.IsValid() && !isOwn(e.bind) { // what the kernel says of that differs by version and family
			return local("ping %v: %v is not an address of this host", to, e.bind)
		}
		return failed(ctx, e.check, "ping "+to.String(), err)
	}
	select {
	case r := <-w.heard:
		return r
	case <-ctx.Done():
	}
	select {
	case r := <-w.heard: // at the same time
		return r
	default:
		return failed(ctx, e.check, "ping "+to.String(), ctx.Err())
	}
}

// isOwn says whether a socket can be bound to an address.
func isOwn(a netip.Addr) bool {
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}
