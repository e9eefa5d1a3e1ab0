package main

import (
	"io"
	"log/slog"
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
// It satisfies agent.Exchange. A key that is missing may come later: until then the others are silent, and nobody is answered.
type channel struct {
	*peer.Exchange
	server *api.Channel
	self   string
	listen string // as agent.hcl has it
	log    *slog.Logger
	keys   *identity.Keyring
	trust  func(spec.View) // also told of a view that counts
	again  time.Duration   // until an address that could not be listened on is tried again
	look   time.Duration   // between two looks at the key file
	moved  chan struct{}   // has an element when the address to answer at may be another one

	mu        sync.Mutex
	directors []spec.Director // of the views that count
	answering string          // the address; "" while nobody is answered
	failing   *spec.Problem   // of the listener
	keyless   *spec.Problem
}

func newChannel(cfg *spec.AgentConfig, log *slog.Logger, sample api.Sampler) *channel {
	keys := identity.At(cfg.KeyFile)
	return &channel{
		Exchange: peer.New(cfg.Director, keys.Dial), server: api.NewChannel(cfg.Director, keys, sample), self: cfg.Director, listen: cfg.Listen,
		log: log, keys: keys, trust: func(spec.View) {}, again: 5 * time.Second, look: 10 * time.Second, moved: make(chan struct{}, 1),
	}
}

// company is the channel to the other directors, connection sync from user space, and what ends its listening. A kernel that is not a
// real one has no connections.
func (a *app) company(cfg *spec.AgentConfig, hand *director.Director, log *slog.Logger) (*channel, agent.Sync, io.Closer) {
	if !a.conns {
		return newChannel(cfg, log, nil), nil, io.NopCloser(nil)
	}
	directs := &mastered{roles: hand.VRRP.Roles}
	conns := newConnSync(hand, directs.ours, a.now)
	c := newChannel(cfg, log, conns.Sample)
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
	c.server.Trust(t)
	c.Watch(peersOf(append(slices.Clone(t.Directors), asked...)))
	c.mu.Lock()
	c.directors = t.Directors
	c.mu.Unlock()
	c.judgeKey()
	c.move()
}

func defs(placed []spec.Placed[spec.Director]) []spec.Director {
	var out []spec.Director
	for _, p := range placed {
		out = append(out, *p.Def)
	}
	return out
}

// Reload looks at the key file again.
func (c *channel) Reload() {
	if c.keys.Reload() {
		c.log.Info("the key file holds other keys", "public_keys", c.keys.Public())
	}
	c.judgeKey()
	c.move()
}

// judgeKey notes whether the key that the fleet declares can be presented.
func (c *channel) judgeKey() {
	err := c.keys.Problem()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keyless = since(c.keyless, err)
}

// since is a problem that began with the first of its errors in a row; nil without one.
func since(was *spec.Problem, err error) *spec.Problem {
	switch {
	case err == nil:
		return nil
	case was != nil:
		return &spec.Problem{Error: err.Error(), Since: was.Since}
	}
	return &spec.Problem{Error: err.Error(), Since: time.Now()}
}

func (c *channel) move() {
	select {
	case c.moved <- struct{}{}:
	default:
	}
}

// Tell is what the others are answered.
func (c *channel) Tell(r spec.PeerReport) {
	if _, err := c.server.Tell(r); err != nil {
		c.log.Error("tell the other directors", "error", err)
	}
}

// Report is how the exchange goes, and who was refused on either side.
func (c *channel) Report() *spec.ChannelStatus {
	rows, totals := c.server.Refused()
	answers, counts := c.Exchange.Refused()
	for kind, n := range counts {
		if totals == nil {
			totals = counts
			break
		}
		totals[kind] += n
	}
	rows = append(rows, answers...)
	slices.SortStableFunc(rows, func(a, b spec.PeerRefusal) int { return b.Last.Compare(a.Last) })
	c.mu.Lock()
	defer c.mu.Unlock()
	return &spec.ChannelStatus{Address: c.answering, Key: c.keyless, Listener: c.failing, Refused: rows, Refusals: totals}
}
