package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/lbsync/lbsync/spec"
)

// remote is a check of kind grpc: Check of grpc.health.v1 on a connection of its own.
type remote struct {
	dialer
	trust         *trust // nil: in plain text
	host, service string
}

func newGRPC(c spec.Check) (Probe, error) {
	d, err := newDialer(c)
	if err != nil {
		return nil, err
	}
	v := c.Settings.Values()
	r := remote{dialer: d, host: v.Get("host"), service: v.Get("service")}
	if r.host == "" {
		r.host = hostAt(c.Addr, 0)
	}
	if v.Get("tls") == "true" {
		r.trust = newTrust(c, "h2")
	}
	return r.probe, nil
}

func (r remote) probe(ctx context.Context) Result {
	conn, res := r.connect(ctx, "tcp")
	if conn == nil {
		return res
	}
	defer func() { _ = conn.Close() }()
	if r.trust != nil {
		var secure *tls.Conn
		if secure, res = r.trust.handshake(ctx, r.check, conn); secure == nil {
			return res
		}
		conn = secure
	}
	heard := &remembering{Conn: conn}
	client, err := r.client(heard)
	if err != nil {
		return local("make gRPC client of %v: %v", r.check.Addr, err)
	}
	defer func() { _ = client.Close() }()
	answer, err := grpc_health_v1.NewHealthClient(client).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: r.service})
	if err != nil {
		return r.failed(ctx, err, heard.first.Load())
	}
	if answer.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		return bad("%s is %v", r, answer.Status)
	}
	return ok
}

// client speaks gRPC on a connection that is there already, so that the probe knows which step failed. It does not connect again.
func (r remote) client(conn net.Conn) (*grpc.ClientConn, error) {
	var used atomic.Bool
	return grpc.NewClient("passthrough:///"+r.check.Addr.String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()), // TLS, if any, is below
		grpc.WithAuthority(r.host), grpc.WithUserAgent(userAgent),
		grpc.WithDisableServiceConfig(), grpc.WithDisableRetry(), grpc.WithDisableHealthCheck(),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			if used.Swap(true) {
				return nil, errUsed
			}
			return conn, nil
		}))
}

// String is what is asked, for messages.
func (r remote) String() string {
	if r.service == "" {
		return fmt.Sprintf("gRPC server %v", r.check.Addr)
	}
	return fmt.Sprintf("gRPC service %q of %v", r.service, r.check.Addr)
}

// failed says what an error of the call means; lost is what became of the connection, which gRPC wraps in words of its own.
func (r remote) failed(ctx context.Context, err error, lost *error) Result {
	doing := r.String() + ": read answer"
	switch s := status.Convert(err); {
	case ctx.Err() != nil:
		return failed(ctx, r.check, doing, err)
	case s.Code() == codes.DeadlineExceeded: // which the server is told, and may notice first
		return failed(ctx, r.check, doing, os.ErrDeadlineExceeded)
	case s.Code() == codes.NotFound:
		return bad("%s is not known to the server: %s", r, s.Message())
	case s.Code() == codes.Unimplemented:
		return bad("%s: the server has no health service (grpc.health.v1): %s", r, s.Message())
	case s.Code() == codes.Unavailable && lost != nil:
		return failed(ctx, r.check, doing, *lost)
	default:
		return bad("%s: %v: %s", r, s.Code(), s.Message())
	}
}

// remembering is a connection that keeps the error by which the other side ended it.
type remembering struct {
	net.Conn
	first atomic.Pointer[error]
}

func (c *remembering) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	return n, c.keep(err)
}

func (c *remembering) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	return n, c.keep(err)
}

func (c *remembering) keep(err error) error {
	if err != nil && !errors.Is(err, net.ErrClosed) {
		c.first.CompareAndSwap(nil, &err)
	}
	return err
}
