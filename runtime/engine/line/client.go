package line

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// patience bounds every step of an exchange but the wait for an event: the engine answers from memory.
const patience = 10 * time.Second

// Client asks an engine. Each call has a connection of its own, so that calls do not wait for each other, and a restarted engine
// needs no new Client.
type Client struct{ path string }

var _ Engine = (*Client)(nil)

// Dial makes sure that an engine listens at the path.
func Dial(path string) (*Client, error) {
	c := &Client{path}
	conn, err := c.connect(context.Background())
	if err != nil {
		return nil, err
	}
	return c, conn.Close()
}

// ErrUnreachable is, or is wrapped by, the error of a call that reached no engine: it is not running, or is being restarted.
var ErrUnreachable = errors.New("the engine cannot be reached")

func (c *Client) connect(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{Timeout: patience}
	conn, err := d.DialContext(ctx, "unixpacket", c.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return conn, nil
}

// Request bodies. Their fields have the words of the methods.
type (
	wantBody struct {
		VRRP    spec.VRRP
		Secrets map[string]string
	}
	verdictBody struct {
		Key  spec.TrackerKey
		Good bool
	}
	handoverBody struct{ Instance spec.InstanceKey }
	eventsBody   struct{ After uint64 }
	nothing      struct{ None bool } // gob refuses a struct without fields
)

// Wanted is what the engine works by.
func (c *Client) Wanted(ctx context.Context) (spec.VRRP, error) {
	return ask[spec.VRRP](ctx, c, "read wanted state of engine", askWanted, nothing{})
}

// Want replaces what the engine works by. The error of a state that it refuses says what is wrong with it.
func (c *Client) Want(ctx context.Context, v spec.VRRP, secrets map[string]string) error {
	_, err := ask[nothing](ctx, c, "give engine its wanted state", askWant, wantBody{v, secrets})
	return err
}

// Verdict tells the engine what a tracker says.
func (c *Client) Verdict(ctx context.Context, k spec.TrackerKey, good bool) error {
	_, err := ask[nothing](ctx, c, "tell engine of "+k.String(), askVerdict, verdictBody{k, good})
	return err
}

// Handover has the engine give the role of master away. It returns when priority 0 was sent, not when a backup took over.
func (c *Client) Handover(ctx context.Context, i spec.InstanceKey) error {
	_, err := ask[nothing](ctx, c, "hand over "+i.String(), askHandover, handoverBody{i})
	return err
}

// Status is the engine as it is now.
func (c *Client) Status(ctx context.Context) (spec.VRRPStatus, error) {
	return ask[spec.VRRPStatus](ctx, c, "read status of engine", askStatus, nothing{})
}

// Events are those with a serial above after, in order. While there is none it waits, until ctx ends or the engine does.
func (c *Client) Events(ctx context.Context, after uint64) (spec.VRRPEvents, error) {
	return ask[spec.VRRPEvents](ctx, c, "read events of engine", askEvents, eventsBody{after})
}

func ask[T any](ctx context.Context, c *Client, what string, v verb, body any) (out T, err error) {
	b, err := c.exchange(ctx, v, body)
	if err == nil {
		err = decode(b, &out)
	}
	if ctx.Err() != nil {
		err = ctx.Err() // what broke off is the deadline that AfterFunc set, which says nothing
	}
	if err != nil {
		return out, fmt.Errorf("%s: %w", what, err)
	}
	return out, nil
}

// long is a deadline for an exchange that waits for an event: none.
var long = time.Time{}

func (c *Client) exchange(ctx context.Context, v verb, body any) (_ []byte, err error) {
	b, err := encode(body)
	if err != nil {
		return nil, err
	}
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	deadline := time.Now().Add(patience)
	if v == askEvents {
		deadline = long
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })() // fails only on a closed connection
	if err := send(conn, v, b); err != nil {
		return nil, readRefusal(conn, err)
	}
	how, reply, err := receive(conn)
	if err != nil {
		return nil, readRefusal(conn, err)
	}
	if how == refused {
		return nil, errors.New(string(reply))
	}
	return reply, nil
}

// readRefusal prefers the reason that an engine gave before it closed the connection in the middle of a message. Linux tells once
// that the connection was reset (net/unix/af_unix.c, unix_release_sock), and only then what was sent before.
func readRefusal(conn net.Conn, first error) error {
	if how, reason, err := receive(conn); err == nil && how == refused {
		return errors.New(string(reason))
	}
	return first
}
