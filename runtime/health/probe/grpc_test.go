package probe

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/lbsync/lbsync/spec"
)

// startGRPC serves gRPC, with a health service if there is one.
func startGRPC(t testing.TB, h grpc_health_v1.HealthServer, opts ...grpc.ServerOption) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(opts...)
	if h != nil {
		grpc_health_v1.RegisterHealthServer(s, h)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return at(l.Addr())
}

// hung answers no call before it is given up.
type hung struct {
	grpc_health_v1.UnimplementedHealthServer
}

func (hung) Check(c context.Context, _ *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	<-c.Done()
	return nil, status.FromContextError(c.Err()).Err()
}

func TestGRPC(t *testing.T) {
	kept(t)
	a, b := newAuthority(t, "Test CA"), newAuthority(t, "Other CA")
	h := health.NewServer()
	h.SetServingStatus("shop.Cart", grpc_health_v1.HealthCheckResponse_SERVING)
	h.SetServingStatus("shop.Stock", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	plain := startGRPC(t, h)
	secure := startGRPC(t, h, grpc.Creds(credentials.NewTLS(a.serverTLS(time.Hour, "grpc.example.com", "127.0.0.1"))))
	for name, c := range map[string]struct {
		to           netip.AddrPort
		words        []string
		timeout      time.Duration
		verdict, why string
	}{
		"server":          {plain, nil, never, up, ""},
		"service":         {plain, []string{"service", "shop.Cart"}, never, up, ""},
		"not serving":     {plain, []string{"service", "shop.Stock"}, never, down, `gRPC service "shop\.Stock" of 127\.0\.0\.1:\d+ is NOT_SERVING`},
		"unknown":         {plain, []string{"service", "shop.Till"}, never, down, `gRPC service "shop\.Till" of 127\.0\.0\.1:\d+ is not known to the server: unknown service`},
		"no health":       {startGRPC(t, nil), nil, never, down, `gRPC server 127\.0\.0\.1:\d+: the server has no health service \(grpc\.health\.v1\): unknown service grpc\.health\.v1\.Health`},
		"TLS":             {secure, []string{"tls", "true", "ca_file", a.file(), "host", "grpc.example.com"}, never, up, ""},
		"TLS, address":    {secure, []string{"tls", "true", "ca_file", a.file()}, never, up, ""},
		"TLS, distrusted": {secure, []string{"tls", "true", "ca_file", b.file()}, never, down, `TLS with .*: the certificate comes from an unknown authority, .*`},
		"TLS, other name": {secure, []string{"tls", "true", "ca_file", a.file(), "sni", "x.example.com"}, never, down, `TLS with .*: the certificate is for grpc\.example\.com, 127\.0\.0\.1, not for x\.example\.com`},
		"TLS at plain":    {plain, []string{"tls", "true", "insecure", "true"}, never, down, `TLS with .*: the server does not answer in TLS: it begins with .*`},
		"plain at TLS":    {secure, nil, never, down, `gRPC server 127\.0\.0\.1:\d+: read answer: (closed by the server|connection reset by peer)`},
		"hung":            {startGRPC(t, hung{}), nil, soon, down, `gRPC server 127\.0\.0\.1:\d+: read answer: timeout after 200ms`},
		"silent":          {serve(t, silence), nil, soon, down, `gRPC server .*: read answer: timeout after 200ms`},
		"reset":           {serve(t, reset), nil, never, down, `gRPC server .*: read answer: connection reset by peer`},
		"refused":         {closedPort(t), nil, never, down, `connect to .*: connection refused`},
		"full queue":      {fullQueue(t), nil, soon, down, `connect to .*: timeout after 200ms`},
		"no gRPC":         {serve(t, answer("HTTP/1.1 400 Bad Request\r\n\r\n")), nil, never, down, `gRPC server .*: (read answer: (closed by the server|connection reset by peer|broken pipe)|Unavailable: .*)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, try(t, spec.Check{Kind: "grpc", Addr: c.to, Timeout: c.timeout, Settings: settings(c.words...)}), c.verdict, c.why)
		})
	}
}
