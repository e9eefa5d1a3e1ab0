package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/lbsync/lbsync/spec"
)

// mostBody is how much of a body is read.
const mostBody = 64 << 10

// web is a check of kind https: one request on a connection of its own, by HTTP/2 where the server has it, without following redirects.
type web struct {
	dialer
	*trust
	request *http.Request
	doing   string         // method and URL, for messages
	status  []int          // sorted; none: 200 to 299
	body    *regexp.Regexp // nil: any
}

func newWeb(c spec.Check) (Probe, error) {
	d, err := newDialer(c)
	if err != nil {
		return nil, err
	}
	w := &web{dialer: d, trust: newTrust(c, "h2", "http/1.1")}
	v := c.Settings.Values()
	if w.request, err = newRequest(c, v); err != nil {
		return nil, err
	}
	w.doing = w.request.Method + " https://" + w.request.URL.Host + pathOf(v)
	if w.status, err = statusCodes(v["status"]); err != nil {
		return nil, err
	}
	if body := v.Get("body"); body != "" {
		if w.body, err = regexp.Compile(body); err != nil {
			return nil, fmt.Errorf("read body: %w", err)
		}
	}
	return w.probe, nil
}

// newRequest is the request that every probe sends.
func newRequest(c spec.Check, v url.Values) (*http.Request, error) {
	to, path := "https://"+hostAt(c.Addr, 443), pathOf(v)
	if strings.HasPrefix(path, "//") { // Opaque would take it for a host
		to, path = to+path, ""
	}
	r, err := http.NewRequest(v.Get("method"), to, nil)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	r.URL.Opaque = path // is sent as it is; Path would be escaped in another way than it is written
	if host := v.Get("host"); host != "" {
		r.Host = host
	}
	r.Header.Set("User-Agent", userAgent)
	for _, line := range v["headers"] {
		name, value, _ := strings.Cut(line, ":")
		r.Header.Set(name, strings.TrimSpace(value))
	}
	return r, nil
}

// pathOf is the path as it is written.
func pathOf(v url.Values) string { return "/" + strings.TrimPrefix(v.Get("path"), "/") }

// userAgent is how servers know the requests of checks.
const userAgent = "lbsync-health"

// hostAt is an address and port as a URL has it, without the port where that is usual.
func hostAt(a netip.AddrPort, usual uint16) string {
	addr := a.Addr().WithZone("")
	switch {
	case a.Port() != usual:
		return netip.AddrPortFrom(addr, a.Port()).String()
	case addr.Is6():
		return "[" + addr.String() + "]"
	}
	return addr.String()
}

func statusCodes(written []string) ([]int, error) {
	var out []int
	for _, text := range written {
		code, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("read status: %w", err)
		}
		out = append(out, code)
	}
	slices.Sort(out)
	return out, nil
}

func (w *web) probe(ctx context.Context) Result {
	raw, res := w.connect(ctx, "tcp")
	if raw == nil {
		return res
	}
	defer func() { _ = raw.Close() }()
	conn, res := w.handshake(ctx, w.check, raw)
	if conn == nil {
		return res
	}
	answer, err := oneShot(conn).RoundTrip(w.request.Clone(ctx))
	if err != nil {
		return failed(ctx, w.check, w.doing+": read answer", err)
	}
	defer func() { _ = answer.Body.Close() }()
	return w.judge(ctx, answer)
}

var errUsed = errors.New("closed by the server before it answered")

// oneShot is the transport of one request on a connection that is there already, so that the probe knows which step failed. One that
// were kept would remember connections of HTTP/2 beyond their end.
func oneShot(secure *tls.Conn) *http.Transport {
	var conn net.Conn = secure // the transport asks it for HTTP/2
	if secure.ConnectionState().NegotiatedProtocol != "h2" {
		conn = &asking{Conn: secure, asked: make(chan struct{})}
	}
	var used atomic.Bool
	return &http.Transport{
		DisableKeepAlives: true, ForceAttemptHTTP2: true, DisableCompression: true, MaxResponseHeaderBytes: mostBody,
		DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
			if used.Swap(true) {
				return nil, errUsed // it tries again what HTTP/2 lets it
			}
			return conn, nil
		},
	}
}

// asking is a connection that is read once something was written. What a server of HTTP/1 says before, net/http would print to stderr.
type asking struct {
	net.Conn
	once  sync.Once
	asked chan struct{}
}

func (a *asking) Read(b []byte) (int, error) {
	<-a.asked
	return a.Conn.Read(b)
}

func (a *asking) Write(b []byte) (int, error) {
	a.once.Do(func() { close(a.asked) })
	return a.Conn.Write(b)
}

// Close closes the connection.
func (a *asking) Close() error {
	a.once.Do(func() { close(a.asked) })
	return a.Conn.Close()
}

func (w *web) judge(ctx context.Context, answer *http.Response) Result {
	if !w.accepts(answer.StatusCode) {
		return bad("%s: status %d, want %s", w.doing, answer.StatusCode, w.wanted())
	}
	if w.body == nil {
		return ok
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(answer.Body, mostBody)); err != nil {
		return failed(ctx, w.check, fmt.Sprintf("%s: read body, after %d bytes", w.doing, b.Len()), err)
	}
	if !w.body.Match(b.Bytes()) {
		return bad("%s: the body, %d bytes, does not match %q", w.doing, b.Len(), w.body)
	}
	return ok
}

func (w *web) accepts(code int) bool {
	if len(w.status) == 0 {
		return code >= 200 && code <= 299
	}
	return slices.Contains(w.status, code)
}

func (w *web) wanted() string {
	if len(w.status) == 0 {
		return "200 to 299"
	}
	words := make([]string, len(w.status))
	for i, code := range w.status {
		words[i] = strconv.Itoa(code)
	}
	return strings.Join(words, " or ")
}
