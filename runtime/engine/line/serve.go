package line

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/local"
)

// clientsMax bounds the memory that clients can take: the agent uses two connections, an operator one.
const clientsMax = 32

// farewell is how long clients may take to fetch their answers once the engine stops.
const farewell = time.Second

// Serve answers until ctx ends, each connection in a goroutine of its own, closes the listener, and waits for the answers that are on
// their way, for a second at most. A client that is slow, dead or talks nonsense costs itself alone.
func Serve(ctx context.Context, l *net.UnixListener, e Engine, log *slog.Logger) error {
	free := make(chan struct{}, clientsMax)
	defer drain(free)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })() // ends Accept, whose error is then the reason
	for {
		conn, err := l.AcceptUnix()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept client: %w", err)
		}
		select {
		case free <- struct{}{}:
			go func() {
				serve(ctx, conn, e, log)
				<-free
			}()
		default:
			log.Warn("client turned away", "cause", "too many at once", "most", clientsMax)
			_ = conn.Close() // it was never used
		}
	}
}

// drain waits until all places are free.
func drain(free chan struct{}) {
	late := time.NewTimer(farewell)
	defer late.Stop()
	for range clientsMax {
		select {
		case free <- struct{}{}:
		case <-late.C:
			return
		}
	}
}

func serve(ctx context.Context, conn *net.UnixConn, e Engine, log *slog.Logger) {
	err := func() error {
		if err := admit(conn); err != nil {
			return errors.Join(err, reply(conn, nil, err))
		}
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		v, body, err := receive(conn)
		if errors.Is(err, errLeft) {
			return nil // it only wanted to know whether somebody listens
		}
		if err != nil {
			return errors.Join(err, reply(conn, nil, err))
		}
		ctx, gone := whileOpen(ctx, conn)
		defer gone()
		value, err := dispatch(ctx, e, v, body)
		return reply(conn, value, err)
	}()
	if err := errors.Join(err, conn.Close()); err != nil {
		log.Info("client left without its answer", "cause", err)
	}
}

// whileOpen is a context that ends when the client closes its end, which while it waits for its answer is all that it may do.
func whileOpen(ctx context.Context, conn *net.UnixConn) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if conn.SetReadDeadline(long) != nil {
		cancel()
		return ctx, cancel
	}
	go func() {
		var b [1]byte
		_, _ = conn.Read(b[:]) // whatever comes, nobody waits for an answer any longer
		cancel()
	}()
	return ctx, cancel
}

func dispatch(ctx context.Context, e Engine, v verb, body []byte) (any, error) {
	switch v {
	case askWanted:
		return e.Wanted(ctx)
	case askWant:
		return take(body, func(b wantBody) error { return e.Want(ctx, b.VRRP, b.Secrets) })
	case askVerdict:
		return take(body, func(b verdictBody) error { return e.Verdict(ctx, b.Key, b.Good) })
	case askHandover:
		return take(body, func(b handoverBody) error { return e.Handover(ctx, b.Instance) })
	case askStatus:
		return e.Status(ctx)
	case askEvents:
		var b eventsBody
		if err := decode(body, &b); err != nil {
			return nil, err
		}
		return e.Events(ctx, b.After)
	}
	return nil, fmt.Errorf("request %d is not known to this engine", v)
}

func take[T any](body []byte, f func(T) error) (any, error) {
	var b T
	if err := decode(body, &b); err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	return nothing{}, f(b)
}

func reply(conn net.Conn, value any, err error) error {
	body, v := []byte(nil), answer
	if err == nil {
		body, err = encode(value)
	}
	if err != nil {
		body, v = []byte(err.Error()), refused
	}
	if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	// Whoever waited for an event and went away is no trouble worth a line in the log.
	if err := send(conn, v, body); err != nil && !errors.Is(err, unix.EPIPE) && !errors.Is(err, io.ErrClosedPipe) {
		return err
	}
	return nil
}

// admit lets in root and the user the engine runs as.
func admit(conn *net.UnixConn) error {
	cred, err := local.Peer(conn)
	if err != nil {
		return err
	}
	if !local.MayAsk(cred.Uid, os.Geteuid()) {
		return fmt.Errorf("uid %d may not use the engine's socket: run as root", cred.Uid)
	}
	return nil
}
