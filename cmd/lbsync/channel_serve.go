package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/spec"
)

// answers is a listener that is served; the zero value is none.
type answers struct {
	at     string
	cancel context.CancelFunc
	done   chan error // has the end of it
}

// end stops it, and waits for it.
func (a *answers) end() {
	if a.done != nil {
		a.cancel()
		<-a.done
	}
	*a = answers{}
}

// serve answers the others until ctx ends, at the address of the newest view. What fails is in status, and tried again.
func (c *channel) serve(ctx context.Context, h api.Handler) {
	defer c.Close()
	again := time.NewTimer(0)
	defer again.Stop()
	key := time.NewTicker(c.look)
	defer key.Stop()
	open := answers{}
	defer func() { open.end() }()
	for {
		select {
		case <-ctx.Done():
			return
		case <-key.C:
			c.Reload()
			continue
		case err := <-open.done:
			open = answers{}
			c.fails(err)
			again.Reset(c.again)
			continue
		case <-c.moved:
		case <-again.C:
		}
		at := c.address()
		if at == open.at {
			continue
		}
		open.end()
		var err error
		if open, err = c.open(ctx, at, h); err != nil {
			again.Reset(c.again)
		}
		c.fails(err)
	}
}

// address is where to answer: as agent.hcl says, or at the port of the own endpoint; nowhere without a key, which nobody would believe.
func (c *channel) address() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.directors) == 0 || len(c.keys.Public()) == 0 || c.listen == spec.ListenOff:
		return ""
	case c.listen != "":
		return c.listen
	}
	for i := len(c.directors) - 1; i >= 0; i-- {
		if d := c.directors[i]; d.Name == c.self && d.Endpoint.IsValid() {
			return netip.AddrPortFrom(netip.IPv6Unspecified(), d.Endpoint.Port()).String()
		}
	}
	return ""
}

// open listens at an address, "" for none, and serves it.
func (c *channel) open(ctx context.Context, at string, h api.Handler) (answers, error) {
	c.answersAt("")
	if at == "" {
		return answers{}, nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at)
	if err != nil {
		return answers{}, fmt.Errorf("listen for other directors and operators on %s: %w; who else has the port? `listen` in agent.hcl, or the director's endpoint, names another one; it is tried again", at, plain(err))
	}
	ctx, cancel := context.WithCancel(ctx)
	a := answers{at: at, cancel: cancel, done: make(chan error, 1)}
	go func() { a.done <- c.server.Serve(ctx, l, h) }()
	c.answersAt(l.Addr().String())
	return a, nil
}

func (c *channel) answersAt(address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answering = address
}

// plain leaves out what net says around the system's own words.
func plain(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		return op.Err
	}
	return err
}

// fails keeps why nobody is answered, for status; nil ends that.
func (c *channel) fails(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.answering = ""
		if c.failing == nil {
			c.log.Error("answer the other directors", "error", err)
		}
	}
	c.failing = since(c.failing, err)
}
