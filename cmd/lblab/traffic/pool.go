package traffic

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Class is how much a connection of a Pool has said before it is tried: what a director has passed on of it depends on that, since
// the kernel sends a connection at its third packet, then every fiftieth (sync_threshold), and never before it is established.
type Class string

// The classes.
const (
	Active Class = "active" // a line now and then
	Idle   Class = "idle"   // one line, which makes four packets of the client
	Young  Class = "young"  // none: two packets, those of the handshake
)

// Classes are all of them.
var Classes = []Class{Active, Idle, Young}

// Group is a class, and whether its connections were opened during a change or before it.
type Group struct {
	Class  Class `json:"class"`
	During bool  `json:"during_change"`
}

// Count is what became of the connections of a group.
type Count struct {
	Opened  int `json:"opened"`
	Refused int `json:"refused,omitempty"` // that were asked for and never opened
	Lost    int `json:"lost"`              // of the opened ones
}

// Pool holds many connections, most of which are silent, and tries them all at once.
type Pool struct {
	Dial     func(context.Context) (net.Conn, error) // without TCP keepalive, which would be packets that nobody asked for
	Patience time.Duration                           // a line without an answer for so long is a loss

	mu                      sync.Mutex
	all                     []*pooled
	firstLoss, firstRefusal error
}

type pooled struct {
	group Group
	conn  net.Conn // nil: it was refused
	in    *bufio.Reader
	turn  sync.Mutex
	lines int
	err   error // it is lost
}

// together bounds how many connections are opened or asked at a time.
const together = 64

// Open opens a connection, and lets it say what its class says at first. A connection that fails is counted.
func (p *Pool) Open(ctx context.Context, g Group) {
	c := &pooled{group: g}
	conn, err := p.Dial(ctx)
	if err == nil {
		c.conn, c.in = conn, bufio.NewReaderSize(conn, 64)
	}
	p.mu.Lock()
	p.all = append(p.all, c)
	if err != nil && p.firstRefusal == nil {
		p.firstRefusal = fmt.Errorf("%s connection: %w", g.Class, err)
	}
	p.mu.Unlock()
	if err == nil && g.Class != Young {
		p.ask(c)
	}
}

// OpenMany opens so many of each group.
func (p *Pool) OpenMany(ctx context.Context, many map[Group]int) {
	var wg errgroup.Group
	wg.SetLimit(together)
	for g, n := range many {
		for range n {
			wg.Go(func() error { p.Open(ctx, g); return nil })
		}
	}
	_ = wg.Wait()
}

// Talk has the active connections say a line every so often, until ctx ends.
func (p *Pool) Talk(ctx context.Context, every time.Duration) {
	for wait(ctx, every) {
		p.askAll(func(c *pooled) bool { return ctx.Err() == nil && c.group.Class == Active })
	}
}

// Try has every connection say a line, and counts those that were ever lost.
func (p *Pool) Try() map[Group]Count {
	p.askAll(func(*pooled) bool { return true })
	return p.Count()
}

// Count counts those that are known to be lost.
func (p *Pool) Count() map[Group]Count {
	out := map[Group]Count{}
	for _, c := range p.members() {
		n := out[c.group]
		switch {
		case c.conn == nil:
			n.Refused++
		case c.lost():
			n.Lost++
			fallthrough
		default:
			n.Opened++
		}
		out[c.group] = n
	}
	return out
}

func (c *pooled) lost() bool {
	c.turn.Lock()
	defer c.turn.Unlock()
	return c.err != nil
}

// First are the first that was lost, and the first that was refused, and how; nil when none was.
func (p *Pool) First() (loss, refusal error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.firstLoss, p.firstRefusal
}

// Among counts the open connections of each group whose own end is in a set.
func (p *Pool) Among(ends map[netip.AddrPort]bool) map[Group]int {
	out := map[Group]int{}
	for _, c := range p.members() {
		if c.conn == nil {
			continue
		}
		if end, err := netip.ParseAddrPort(c.conn.LocalAddr().String()); err == nil && ends[end] {
			out[c.group]++
		}
	}
	return out
}

// Close resets all connections: nothing of them waits in any state.
func (p *Pool) Close() {
	for _, c := range p.members() {
		if c.conn == nil {
			continue
		}
		if t, ok := c.conn.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		_ = c.conn.Close()
	}
}

func (p *Pool) members() []*pooled {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*pooled(nil), p.all...)
}

func (p *Pool) askAll(which func(*pooled) bool) {
	var wg errgroup.Group
	wg.SetLimit(together)
	for _, c := range p.members() {
		wg.Go(func() error {
			if which(c) {
				p.ask(c)
			}
			return nil
		})
	}
	_ = wg.Wait()
}

// ask has a connection say one line.
func (p *Pool) ask(c *pooled) {
	c.turn.Lock()
	defer c.turn.Unlock()
	if c.conn == nil || c.err != nil {
		return
	}
	c.lines++
	if _, err := (Client{Patience: p.Patience}).ask(c.conn, c.in, fmt.Sprintf("line %d", c.lines)); err != nil {
		c.err = fmt.Errorf("%s connection %s, line %d: %w", c.group.Class, c.conn.LocalAddr(), c.lines, err)
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.firstLoss == nil {
			p.firstLoss = c.err
		}
	}
}
