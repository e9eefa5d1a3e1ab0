package probe

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// https is a check that trusts an authority.
func https(to netip.AddrPort, a *authority, words ...string) spec.Check {
	return spec.Check{Kind: "https", Addr: to, Settings: settings(append([]string{"ca_file", a.file()}, words...)...)}
}

// serveTLS hands out connections of TLS whose request has been read.
func serveTLS(t testing.TB, config *tls.Config, each func(c net.Conn)) netip.AddrPort {
	return serve(t, func(raw net.Conn) {
		c := tls.Server(raw, config)
		if c.Handshake() != nil {
			return
		}
		if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			_ = r.Body.Close()
			each(c)
		}
	})
}

func answer(text string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, text) }
}

func TestCertificates(t *testing.T) {
	kept(t)
	a, b := newAuthority(t, "Test CA"), newAuthority(t, "Other CA")
	good := answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	named := serveTLS(t, a.serverTLS(time.Hour, "web.example.com", "www.example.com"), good)
	addressed := serveTLS(t, a.serverTLS(time.Hour, "127.0.0.1"), good)
	expired := serveTLS(t, a.serverTLS(-time.Minute, "old.example.com"), good)
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		check        spec.Check
		verdict, why string
	}{
		"sni":              {https(named, a, "sni", "www.example.com"), up, ""},
		"host":             {https(named, a, "host", "web.example.com:8443"), up, ""},
		"address":          {https(addressed, a), up, ""},
		"wrong name":       {https(named, a, "sni", "shop.example.com"), down, `TLS with 127\.0\.0\.1:\d+: the certificate is for web\.example\.com, www\.example\.com, not for shop\.example\.com`},
		"no address in it": {https(named, a), down, `TLS with .*: the certificate is for web\.example\.com, www\.example\.com, not for 127\.0\.0\.1`},
		"expired":          {https(expired, a, "sni", "old.example.com"), down, `TLS with .*: the certificate of "old\.example\.com" expired at 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ`},
		"other authority":  {https(named, b, "sni", "web.example.com"), down, `TLS with .*: the certificate comes from an unknown authority, "CN=Test CA", which /.*/ca\.pem does not trust`},
		"system's roots":   {spec.Check{Kind: "https", Addr: named, Settings: settings("sni", "web.example.com")}, down, `TLS with .*: the certificate comes from an unknown authority, "CN=Test CA", which this host does not trust`},
		"not verified":     {spec.Check{Kind: "https", Addr: expired, Settings: settings("insecure", "true")}, up, ""},
		"no ca_file":       {spec.Check{Kind: "https", Addr: named, Settings: settings("ca_file", "/nonexistent/ca.pem")}, aside, `read certificates: stat /nonexistent/ca\.pem: no such file or directory`},
		"pipe":             {spec.Check{Kind: "https", Addr: named, Settings: settings("ca_file", pipe)}, aside, `read ca_file: read /.*/pipe: not a regular file`},
		"no client cert":   {https(named, a, "cert_file", "/etc/passwd", "key_file", "/etc/group"), aside, `read client certificate: /etc/passwd and /etc/group: tls: failed to find any PEM data.*`},
		"bad ca_file":      {spec.Check{Kind: "https", Addr: named, Settings: settings("ca_file", "/etc/passwd")}, aside, `read ca_file: /etc/passwd has no certificate in PEM`},
	} {
		t.Run(name, func(t *testing.T) { expect(t, try(t, c.check), c.verdict, c.why) })
	}
}

func TestNotYetValid(t *testing.T) {
	kept(t)
	a := newAuthority(t, "Test CA")
	cert, key := a.issue(24*time.Hour, "new.example.com")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	now := pair.Leaf.NotBefore.Add(-time.Minute)
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now})
	said := (&trust{name: "new.example.com"}).distrusts(err, now)
	if want := fmt.Sprintf(`the certificate of "new.example.com" is not valid before %s`, pair.Leaf.NotBefore.UTC().Format(time.RFC3339)); said != want {
		t.Errorf("%q, want %q", said, want)
	}
}

// What fails before HTTP says which step it was.
func TestTLSFaults(t *testing.T) {
	kept(t)
	a := newAuthority(t, "Test CA")
	plain := serve(t, func(c net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(c))
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
	})
	old := a.serverTLS(time.Hour, "127.0.0.1")
	old.MaxVersion = tls.VersionTLS11
	old.MinVersion = tls.VersionTLS10
	mutual := a.serverTLS(time.Hour, "127.0.0.1")
	mutual.ClientAuth = tls.RequireAnyClientCert
	for name, c := range map[string]struct {
		to      netip.AddrPort
		timeout time.Duration
		why     string
	}{
		"plain HTTP":       {plain, never, `TLS with .*: the server answers in plain HTTP`},
		"other protocol":   {serve(t, answer("220 mail.example.com ESMTP\r\n")), never, `TLS with .*: the server does not answer in TLS: it begins with "220 m"`},
		"refused":          {closedPort(t), never, `connect to 127\.0\.0\.1:\d+: connection refused`},
		"full queue":       {fullQueue(t), soon, `connect to 127\.0\.0\.1:\d+: timeout after 200ms`},
		"silent":           {serve(t, silence), soon, `TLS with .*: handshake: timeout after 200ms`},
		"reset":            {serve(t, reset), never, `TLS with .*: handshake: connection reset by peer`},
		"closed":           {serve(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }), never, `TLS with .*: handshake: closed by the server`},
		"old version":      {serveTLS(t, old, silence), never, `TLS with .*: handshake refused by the server: protocol version not supported`},
		"wants to know us": {serveTLS(t, mutual, silence), never, `GET https://127\.0\.0\.1:\d+/: read answer: tls: certificate required`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := https(c.to, a)
			check.Timeout = c.timeout
			expect(t, try(t, check), down, c.why)
		})
	}
}

// What the server answers, or does not.
func TestHTTPSAnswers(t *testing.T) {
	kept(t)
	a := newAuthority(t, "Test CA")
	config := a.serverTLS(time.Hour, "127.0.0.1")
	endless := func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nok")
		for b := make([]byte, 32<<10); ; {
			if _, err := c.Write(b); err != nil {
				return
			}
		}
	}
	slow := func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok")
		silence(c)
	}
	for name, c := range map[string]struct {
		server       func(net.Conn)
		words        []string
		timeout      time.Duration
		verdict, why string
	}{
		"good":           {answer("HTTP/1.1 204 No Content\r\n\r\n"), nil, never, up, ""},
		"other status":   {answer("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), nil, never, down, `GET https://127\.0\.0\.1:\d+/: status 503, want 200 to 299`},
		"no redirect":    {answer("HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"), []string{"path", "/up", "status", "200", "status", "204"}, never, down, `GET https://.*/up: status 302, want 200 or 204`},
		"redirect meant": {answer("HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"), []string{"status", "302"}, never, up, ""},
		"body":           {answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), []string{"body", "^ok$"}, never, up, ""},
		"other body":     {answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfail"), []string{"body", "^ok$"}, never, down, `GET .*: the body, 4 bytes, does not match "\^ok\$"`},
		"cut body":       {answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"), []string{"body", "^ok"}, never, down, `GET .*: read body, after 2 bytes: closed by the server`},
		"endless body":   {endless, []string{"body", "^ok"}, never, up, ""},
		"endless, other": {endless, []string{"body", "no$"}, never, down, `GET .*: the body, 65536 bytes, does not match "no\$"`},
		"slow body":      {slow, []string{"body", "ok"}, slowly, down, `GET .*: read body, after 2 bytes: timeout after 2s`},
		"silent":         {silence, nil, slowly, down, `GET .*: read answer: timeout after 2s`},
		"endless header": {func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for {
				if _, err := io.WriteString(c, "X-More: 0123456789\r\n"); err != nil {
					return
				}
			}
		}, nil, never, down, `GET .*: read answer: .*server response headers exceeded 65536 bytes.*`},
		"no HTTP": {answer("hello\r\n\r\n"), nil, never, down, `GET .*: read answer: .*malformed HTTP response "hello"`},
		"closed":  {answer(""), nil, never, down, `GET .*: read answer: closed by the server`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := https(serveTLS(t, config, c.server), a, c.words...)
			check.Timeout = c.timeout
			expect(t, try(t, check), c.verdict, c.why)
		})
	}
}

// A server that speaks before it is asked does not speak HTTP; what it says is in the reason, and not on stderr.
func TestSpeaksFirst(t *testing.T) {
	kept(t)
	var printed bytes.Buffer
	log.SetOutput(&printed)
	defer log.SetOutput(os.Stderr)
	a := newAuthority(t, "Test CA")
	config := a.serverTLS(time.Hour, "127.0.0.1")
	to := serve(t, func(raw net.Conn) {
		c := tls.Server(raw, config)
		_, _ = io.WriteString(c, "220 mail.example.com\r\n")
		silence(c)
	})
	probe, err := New(https(to, a))
	if err != nil {
		t.Fatal(err)
	}
	late := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { <-time.After(soon) }}) // the server speaks meanwhile
	expect(t, probe(late), down, `GET https://.*/: read answer: .*malformed HTTP status code "mail\.example\.com"`)
	if printed.Len() > 0 {
		t.Errorf("printed:\n%s", printed.String())
	}
}

// Certificates that an operator exchanges count from the next probe on.
func TestCertificateFilesChange(t *testing.T) {
	kept(t)
	a, b := newAuthority(t, "Test CA"), newAuthority(t, "Other CA")
	to := serveTLS(t, a.serverTLS(time.Hour, "127.0.0.1"), answer("HTTP/1.1 200 OK\r\n\r\n"))
	probe, err := New(https(to, b))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, probe(t.Context()), down, `.* unknown authority, .*`)
	good, err := os.ReadFile(a.file())
	if err != nil {
		t.Fatal(err)
	}
	next := b.file() + ".new"
	if err := os.WriteFile(next, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, b.dir+"/ca.pem"); err != nil {
		t.Fatal(err)
	}
	expect(t, probe(t.Context()), up, "")
	if err := os.Remove(b.dir + "/ca.pem"); err != nil {
		t.Fatal(err)
	}
	expect(t, probe(t.Context()), aside, `read certificates: .*no such file or directory`)
}

// A session is resumed, which saves both sides the signature; the files are not read again.
func TestSessionIsResumed(t *testing.T) {
	kept(t)
	a := newAuthority(t, "Test CA")
	resumed := make(chan bool, 2)
	config := a.serverTLS(time.Hour, "127.0.0.1")
	to := serveTLS(t, config, func(c net.Conn) {
		resumed <- c.(*tls.Conn).ConnectionState().DidResume
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	probe, err := New(https(to, a))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{false, true} {
		expect(t, probe(t.Context()), up, "")
		if got := <-resumed; got != want {
			t.Errorf("probe %d resumed a session: %v, want %v", i, got, want)
		}
	}
}

// serveHTTP serves on all addresses.
func serveHTTP(t *testing.T, config *tls.Config, handler http.Handler) netip.AddrPort {
	t.Helper()
	l, err := tls.Listen("tcp", "[::]:0", config)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), at(l.Addr()).Port())
}

// The path is sent as it is written.
func TestPathAsWritten(t *testing.T) {
	kept(t)
	a := newAuthority(t, "Test CA")
	got := make(chan string, 1)
	for _, protocol := range []string{"h2", "http/1.1"} {
		config := a.serverTLS(time.Hour, "127.0.0.1")
		config.NextProtos = []string{protocol}
		to := serveHTTP(t, config, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got <- r.RequestURI
			w.WriteHeader(http.StatusTeapot)
		}))
		for _, path := range []string{"/", "/up?deep=1", "/a|b{c}^d", "/a%7cb%2Fc?q=a|b&c=%20", "//a/../b//", "/a:b@c;d,e[f]'\"<>`\\"} {
			expect(t, try(t, https(to, a, "path", path)), down, `GET https://127\.0\.0\.1:\d+`+regexp.QuoteMeta(path)+`: status 418, want 200 to 299`)
			if uri := <-got; uri != path {
				t.Errorf("%s: %q was sent as %q", protocol, path, uri)
			}
		}
	}
}

// The same over HTTP/2, where a request is a stream.
func TestHTTP2Faults(t *testing.T) {
	kept(t)
	a := newAuthority(t, "Test CA")
	config := a.serverTLS(time.Hour, "127.0.0.1", "::1")
	config.NextProtos = []string{"h2"}
	mux := http.NewServeMux()
	mux.HandleFunc("/good", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) })
	mux.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for b := make([]byte, 32<<10); ; {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "ok")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	port := serveHTTP(t, config, mux).Port()
	four, six := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port), netip.AddrPortFrom(netip.IPv6Loopback(), port)
	for _, c := range []struct {
		to           netip.AddrPort
		path, body   string
		timeout      time.Duration
		verdict, why string
	}{
		{four, "/good", `^127\.0\.0\.1:\d+$`, never, up, ""},
		{six, "/good", `^\[::1]:\d+$`, never, up, ""},
		{four, "/hang", "", slowly, down, `GET https://.*/hang: read answer: timeout after 2s`},
		{four, "/abort", "", never, down, `GET https://.*/abort: read answer: stream error: stream ID 1; INTERNAL_ERROR; received from peer`},
		{four, "/endless", "never", never, down, `GET https://.*/endless: the body, 65536 bytes, does not match "never"`},
		{four, "/slow", "never", slowly, down, `GET https://.*/slow: read body, after 2 bytes: timeout after 2s`},
	} {
		check := https(c.to, a, "path", c.path, "body", c.body)
		check.Timeout = c.timeout
		expect(t, try(t, check), c.verdict, c.why)
	}
}
