package health

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
	"golang.org/x/sys/unix"
)

// page is a server of net/http.
func page(t *testing.T, f http.HandlerFunc) net.Addr {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s.Listener.Addr()
}

// raw is a server that reads a request and answers with f.
func raw(t *testing.T, f func(net.Conn)) net.Addr {
	t.Helper()
	return server(t, func(c net.Conn) {
		b := make([]byte, 0, 4096)
		for !strings.Contains(string(b), "\r\n\r\n") {
			n, err := c.Read(b[len(b):cap(b)])
			if err != nil {
				return
			}
			b = b[:len(b)+n]
		}
		f(c)
	})
}

// resets ends a connection with RST.
func resets(c net.Conn) {
	_ = c.(*net.TCPConn).SetLinger(0)
}

func TestHTTPUp(t *testing.T) {
	r := startRunner(t, Config{})
	seen := make(chan *http.Request, 1)
	big := strings.Repeat("x", 40<<10) + "end"
	var all []spec.Check
	add := func(to net.Addr, settings ...string) { all = append(all, quick("http", to, settings...)) }
	add(page(t, func(w http.ResponseWriter, q *http.Request) {
		select {
		case seen <- q:
		default:
		}
	}), "path=%2Fhealth", "host=shop.example", "headers=X-Probe%3A+1")
	add(page(t, func(w http.ResponseWriter, q *http.Request) { w.WriteHeader(404) }), "status=200", "status=404")
	add(page(t, func(w http.ResponseWriter, q *http.Request) { _, _ = io.WriteString(w, big) }), "body=end%24")
	add(page(t, func(w http.ResponseWriter, q *http.Request) {
		for _, part := range []string{"a", "ll", " fine"} {
			_, _ = io.WriteString(w, part)
			_ = http.NewResponseController(w).Flush()
		}
	}), "body=%5Eall+fine%24")
	add(page(t, func(w http.ResponseWriter, q *http.Request) { w.WriteHeader(200) }), "method=HEAD")
	add(raw(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\nall fine") }), "body=fine%24")
	add(raw(t, func(c net.Conn) { // says enough and goes on for ever
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nall fine")
		for {
			if _, err := io.WriteString(c, strings.Repeat("x", 1000)); err != nil {
				return
			}
		}
	}), "body=fine")
	add(page(t, func(w http.ResponseWriter, q *http.Request) { _, _ = io.WriteString(w, "fine\n"+big+big) }), "body=%28%3Fm%29%5Efine%24")
	r.Set(all, nil)
	for _, c := range all {
		until(t, r, c, string(c.Settings)+" is up", isUp)
	}
	q := <-seen
	if q.Method != "GET" || q.URL.Path != "/health" || q.Host != "shop.example" || q.Header.Get("X-Probe") != "1" || q.UserAgent() != "lbsync-health" || !q.Close {
		t.Errorf("the request was %+v", q)
	}
}

func TestHTTPDown(t *testing.T) {
	r := startRunner(t, Config{})
	wait := func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }
	whys := map[spec.Check]string{}
	add := func(why string, to net.Addr, settings ...string) { whys[quick("http", to, settings...)] = why }
	refused := nobody(t)
	add("connect to "+refused.String()+": connection refused", refused)
	add("status 503, want 200 to 299", page(t, func(w http.ResponseWriter, q *http.Request) { w.WriteHeader(503) }))
	add(`body does not match "good" (3 bytes)`, page(t, func(w http.ResponseWriter, q *http.Request) { _, _ = io.WriteString(w, "bad") }), "body=good")
	add("no answer within 200ms (connected, nothing received)", raw(t, wait))
	add("no complete answer within 200ms (10 bytes received)", raw(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 2"); wait(c) }))
	add(`no complete answer within 200ms (43 bytes received): body does not match "end" so far`,
		raw(t, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n1234")
			wait(c)
		}), "body=end")
	add("closed by the server after 0 bytes, before its status", raw(t, func(c net.Conn) {}))
	add("reset by the server after 12 bytes", raw(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200"); drained(c); resets(c) }))
	add("reset by the server after 0 bytes", raw(t, resets))
	add(`no answer in HTTP/1: it begins with "220 mail.example ESMTP\r"`, server(t, func(c net.Conn) { _, _ = io.WriteString(c, "220 mail.example ESMTP\r\n"); wait(c); wait(c) }))
	add(`answer is not certain within its first 65536 bytes: body does not match "end" so far`, raw(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		for {
			if _, err := io.WriteString(c, strings.Repeat("x", 1000)); err != nil {
				return
			}
		}
	}), "body=end")
	var all []spec.Check
	for c := range whys {
		all = append(all, c)
	}
	r.Set(all, nil)
	for c, why := range whys {
		if s := until(t, r, c, "is down: "+why, isDown); s.Why != why {
			t.Errorf("%s: %q, want %q", c, s.Why, why)
		}
	}
}

// drained waits until the other end has acknowledged, and read, what was written.
func drained(c net.Conn) {
	conn, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return
	}
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for left := 1; left > 0; {
		<-again.C
		_ = conn.Control(func(fd uintptr) { left, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	}
}

// A body that comes byte by byte ends at the timeout, and is not read anew for each byte.
func TestSlowBody(t *testing.T) {
	r := startRunner(t, Config{})
	c := quick("http", raw(t, func(c net.Conn) {
		_ = c.(*net.TCPConn).SetNoDelay(true)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
		for {
			if _, err := io.WriteString(c, "x"); err != nil {
				return
			}
		}
	}), "body=end")
	c.Fall = 3
	r.Set([]spec.Check{c}, nil)
	s := until(t, r, c, "is down", isDown)
	if !strings.HasPrefix(s.Why, "no complete answer within 200ms (") && s.Why != `body does not match "end" (5000 bytes)` {
		t.Errorf("why is %q", s.Why)
	}
}

// A request that no socket takes at once goes out in parts.
func TestLargeRequest(t *testing.T) {
	got := make(chan int, 1)
	c := quick("http", page(t, func(w http.ResponseWriter, q *http.Request) {
		select {
		case got <- len(q.Header.Get("X-Large")):
		default:
		}
	}), "headers=X-Large%3A+"+strings.Repeat("x", 900<<10))
	c.Interval, c.Timeout = 5*time.Second, 5*time.Second
	r := startRunner(t, Config{})
	r.Set([]spec.Check{c}, nil)
	if n := <-got; n != 900<<10 {
		t.Errorf("%d bytes of the header came", n)
	}
	until(t, r, c, fmt.Sprint("is up"), isUp)
}
