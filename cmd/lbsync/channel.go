package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/lbsync/lbsync/reconcile/agent"
	"github.com/lbsync/lbsync/reconcile/peer"
	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/runtime/director"
	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/identity"
)

// channel is both halves of the exchange with the other directors: this one asks them (peer.Exchange) and answers them (api.Channel).
// It satisfies agent.Exchange. Without a key the others are known as silent, and why: what waits for them says so.
type channel struct {
	*peer.Exchange
	server *api.Channel // nil without a key
	self   string
	listen string // as agent.hcl has it
	log    *slog.Logger
	began  time.Time
	keys   *identity.Keyring
	why    string // why there is no channel
	at     chan string
	trust  func(spec.View) // also told of a view that counts

	mu       sync.Mutex
	declared []string // the other directors, by name
}

func newChannel(cfg *spec.AgentConfig, now func() time.Time, log *slog.Logger, sample api.Sampler) *channel {
	c := &channel{self: cfg.Director, listen: cfg.Listen, log: log, began: now(), at: make(chan string, 1), trust: func(spec.View) {}}
	keys, err := identity.Open(cfg.KeyFile)
	if err != nil {
		c.why = fmt.Sprintf("this director has no key: %v", err)
		return c
	}
	c.keys, c.server = keys, api.NewChannel(cfg.Director, keys, sample)
	c.Exchange = peer.New(cfg.Director, keys.Dial)
	return c
}

// company is the channel to the other directors, connection sync from user space, and what ends its listening. A kernel that is not a
// real one has no connections.
func (a *app) company(cfg *spec.AgentConfig, hand *director.Director, log *slog.Logger) (*channel, agent.Sync, io.Closer) {
	if !a.conns {
		return newChannel(cfg, a.now, log, nil), nil, io.NopCloser(nil)
	}
	directs := &mastered{roles: hand.VRRP.Roles}
	conns := newConnSync(hand, directs.ours, a.now)
	c := newChannel(cfg, a.now, log, conns.Sample)
	c.trust = directs.see
	return c, conns, conns.Listener
}

// Trust lets the directors of the views take part, where each of a cluster can be reached, and their operators ask.
func (c *channel) Trust(views ...spec.View) {
	var t api.Trusted
	var asked []spec.Director
	for _, v := range views {
		c.trust(v)
		t.Directors = append(t.Directors, v.Exchanging()...)
		if !slices.ContainsFunc(t.Directors, func(d spec.Director) bool { return d.Name == c.self }) {
			t.Directors = append(t.Directors, *v.Director.Def)
		}
		asked = append(asked, defs(v.Earlier)...)
		t.Later = append(t.Later, defs(v.Later)...)
		t.Operators = append(t.Operators, v.Operators...)
	}
	peers := peersOf(append(slices.Clone(t.Directors), asked...))
	c.mu.Lock()
	c.declared = nil
	for _, p := range peers {
		if p.Name != c.self {
			c.declared = append(c.declared, p.Name)
		}
	}
	c.mu.Unlock()
	if c.server == nil {
		return
	}
	c.server.Trust(t)
	c.Watch(peers)
	c.address(t.Directors)
}

func defs(placed []spec.Placed[spec.Director]) []spec.Director {
	var out []spec.Director
	for _, p := range placed {
		out = append(out, *p.Def)
	}
	return out
}

// address is where to answer: as agent.hcl says, or at the port of the own endpoint.
func (c *channel) address(directors []spec.Director) {
	at := c.listen
	for i := len(directors) - 1; i >= 0 && at == ""; i-- {
		if d := directors[i]; d.Name == c.self && d.Endpoint.IsValid() {
			at = netip.AddrPortFrom(netip.IPv6Unspecified(), d.Endpoint.Port()).String()
		}
	}
	if at == "" || at == spec.ListenOff {
		return
	}
	select { // the newest alone counts
	case <-c.at:
	default:
	}
	c.at <- at
}

// Tell is what the others are answered.
func (c *channel) Tell(r spec.PeerReport) {
	if c.server == nil {
		return
	}
	if _, err := c.server.Tell(r); err != nil {
		c.log.Error("tell the other directors", "error", err)
	}
}

// Facts are those of the exchange.
func (c *channel) Facts() map[string]spec.PeerFact {
	if c.server != nil {
		return c.Exchange.Facts()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]spec.PeerFact{}
	for _, name := range c.declared {
		out[name] = spec.PeerFact{Silent: c.began, Why: c.why}
	}
	return out
}

func (c *channel) Changed() <-chan struct{} {
	if c.server == nil {
		return nil
	}
	return c.Exchange.Changed()
}

func (c *channel) Sample(ctx context.Context, director string) (spec.ConnSample, error) {
	if c.server == nil {
		return spec.ConnSample{}, fmt.Errorf("sample of %s: %s", director, c.why)
	}
	return c.Exchange.Sample(ctx, director)
}

// listenAgain is the time until an address that could not be listened on is tried again: it may appear later.
const listenAgain = 5 * time.Second

// serve answers the others until ctx ends, at the address of the newest view.
func (c *channel) serve(ctx context.Context, h api.Handler) {
	if c.server == nil {
		return
	}
	defer c.Close()
	again := time.NewTimer(0)
	defer again.Stop()
	at, end := "", func() {}
	defer func() { end() }()
	for {
		select {
		case <-ctx.Done():
			return
		case next := <-c.at:
			if next == at {
				continue
			}
			end()
			at, end = next, func() {}
			again.Reset(0)
		case <-again.C:
			if at == "" {
				continue
			}
			l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at)
			if err != nil {
				c.log.Error("answer the other directors", "error", err)
				again.Reset(listenAgain)
				continue
			}
			end = c.answer(ctx, l, h)
		}
	}
}

// answer serves one listener; the function ends that, and waits for it.
func (c *channel) answer(ctx context.Context, l net.Listener, h api.Handler) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := c.server.Serve(ctx, l, h); err != nil {
			c.log.Error("answer the other directors", "error", err)
		}
	}()
	return func() { cancel(); <-done }
}
