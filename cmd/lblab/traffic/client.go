package traffic

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// Client keeps Connections open to To and sends a line on each every Every; beside them it opens one short connection every Every.
// A line that is not answered within Patience is a loss.
type Client struct {
	To          string
	Connections int
	Every       time.Duration
	Patience    time.Duration
	Laps        *Laps // nil: nobody asks
}

// Report is what a client saw.
type Report struct {
	Opened, Lost         int            // long-lived connections
	Messages             int            // answered on them
	Short, Unanswered    int            // short connections
	ByServer             map[string]int // answers of short connections
	FirstLoss, FirstMiss error
}

// Run drives the traffic until the context ends. ready is called once all long-lived connections have been answered, or failed.
func (c Client) Run(ctx context.Context, ready func()) Report {
	r := &recorder{Report: Report{ByServer: map[string]int{}}}
	var opened, all sync.WaitGroup
	for i := range c.Connections {
		opened.Add(1)
		all.Go(func() { c.long(ctx, i, r, opened.Done) })
	}
	all.Go(func() { c.shorts(ctx, r) })
	opened.Wait()
	ready()
	all.Wait()
	return r.Report
}

// long is one connection that lives as long as the traffic does.
func (c Client) long(ctx context.Context, id int, r *recorder, opened func()) {
	first := sync.OnceFunc(opened)
	defer first()
	conn, err := c.dial(ctx)
	r.opened()
	if err != nil {
		r.lost(err)
		return
	}
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for n := 0; ; n++ {
		sent := time.Now()
		if _, err := c.ask(conn, in, fmt.Sprintf("%d.%d", id, n)); err != nil {
			r.lost(fmt.Errorf("connection %d (%s), message %d: %w", id, conn.LocalAddr(), n, err))
			return
		}
		r.answered()
		c.Laps.answered(id, sent)
		first()
		if !wait(ctx, c.Every) {
			return
		}
	}
}

func (c Client) shorts(ctx context.Context, r *recorder) {
	for wait(ctx, c.Every) {
		server, err := c.short(ctx)
		if ctx.Err() == nil {
			r.short(server, err)
		}
	}
}

func (c Client) short(ctx context.Context) (string, error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	return c.ask(conn, bufio.NewReader(conn), "hello")
}

func (c Client) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{Timeout: c.Patience}
	return d.DialContext(ctx, "tcp", c.To)
}

// ask sends a line and returns the name of the server that answered it.
func (c Client) ask(conn net.Conn, in *bufio.Reader, line string) (string, error) {
	if err := conn.SetDeadline(time.Now().Add(c.Patience)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintln(conn, line); err != nil {
		return "", err
	}
	answer, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	server, echoed, _ := strings.Cut(strings.TrimSpace(answer), " ")
	if echoed != line {
		return "", fmt.Errorf("sent %q, got %q back", line, answer)
	}
	return server, nil
}

// wait is false when the context ended first.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
