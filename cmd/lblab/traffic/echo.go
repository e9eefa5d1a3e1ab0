// Package traffic is what flows through a director in demonstrations and tests: real servers that echo, and a client that keeps
// connections open and counts what is lost.
package traffic

import (
	"bufio"
	"context"
	"fmt"
	"net"
)

// Echo serves connections until the context ends: it answers each line with its own name, a blank and the line, so that the client
// sees which real server it is talking to.
func Echo(ctx context.Context, l net.Listener, name string) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept on %s: %w", l.Addr(), err)
		}
		go echo(ctx, conn, name)
	}
}

func echo(ctx context.Context, conn net.Conn, name string) {
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	in := bufio.NewScanner(conn)
	for in.Scan() {
		if _, err := fmt.Fprintf(conn, "%s %s\n", name, in.Text()); err != nil {
			return
		}
	}
}
