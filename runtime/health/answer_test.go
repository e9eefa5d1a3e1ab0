package health

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/lbsync/lbsync/spec"
)

func httpOf(t *testing.T, v url.Values) *httpSettings {
	t.Helper()
	s, err := readSettings("http", spec.CheckSettings(v.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	return s.http
}

// endOf reads how an answer of these tests ends: "|" is where the connection is closed, "/" where no more is read.
func endOf(written string) (answer []byte, end ending) {
	if text, ok := strings.CutSuffix(written, "|"); ok {
		return []byte(text), ended
	}
	if text, ok := strings.CutSuffix(written, "/"); ok {
		return []byte(text), enough
	}
	return []byte(written), open
}

// Answers, cut off where the text ends.
func TestAnswers(t *testing.T) {
	body := func(expr string) url.Values { return url.Values{"body": {expr}} }
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n5\r\n fine\r\n"
	for _, c := range []struct {
		settings url.Values
		answer   string
		out      outcome
		why      string
	}{
		{nil, "", more, ""},
		{nil, "|", bad, "closed by the server after 0 bytes, before its status"},
		{nil, "HTTP/1.1 200", more, ""},
		{nil, "HTTP/1.1 200|", bad, "closed by the server after 12 bytes, before its status"},
		{nil, "HTTP/1.1 200 OK\r\n", good, ""},
		{nil, "HTTP/1.0 204\r\n", good, ""},
		{nil, "HTTP/1.1 100 Continue\r\n\r\n", more, ""},
		{nil, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 503 Busy\r\n", bad, "status 503, want 200 to 299"},
		{url.Values{"status": {"301", "200"}}, "HTTP/1.1 302 Found\r\n", bad, "status 302, want 200 or 301"},
		{url.Values{"status": {"301"}}, "HTTP/1.1 301 Moved\r\n", good, ""},
		{nil, "SSH-2.0-OpenSSH_9.2\r\n", bad, `no answer in HTTP/1: it begins with "SSH-2.0-OpenSSH_9.2\r"`},
		{nil, "\x15\x03", bad, `no answer in HTTP/1: it begins with "\x15\x03"`},
		{nil, "HTTP/1.1 2000 OK\r\n", bad, `no answer in HTTP/1: it begins with "HTTP/1.1 2000 OK\r"`},
		{nil, "HTTP/1.1 " + strings.Repeat("x", 5000), bad, `no answer in HTTP/1: it begins with "HTTP/1.1 xxxxxxxxxxxxxxxxxxxxxxx"`},
		{body("fine"), "HTTP/1.1 200 OK\r\nConte", more, ""},
		{body("fine"), "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nall fine", good, ""},
		{body("fine$"), "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nall fine", more, ""},
		{body("fine$"), "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nall fine|", bad, "closed by the server after 48 bytes, before its end"},
		{body("fine$"), "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nall fine", good, ""},
		{body("^fine"), "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nall fine", bad, `body does not match "^fine" (8 bytes)`},
		{body("fine$"), "HTTP/1.0 200 OK\r\n\r\nall fine", more, ""},
		{body("fine$"), "HTTP/1.0 200 OK\r\n\r\nall fine|", good, ""},
		{body("poor"), "HTTP/1.0 200 OK\r\n\r\nall fine|", bad, `body does not match "poor" (8 bytes)`},
		{body("all fine"), chunked, good, ""},
		{body("all fine$"), chunked, more, ""},
		{body("all fine$"), chunked + "0\r\n\r\n", good, ""},
		// Of a long body the first part is all there is.
		{body(`fine\b`), "HTTP/1.1 200 OK\r\n\r\nall fine/", good, ""},
		{body("fine$"), "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nall fine/", good, ""},
		{body("(?m)^all"), "HTTP/1.1 200 OK\r\n\r\n\nall fine/", good, ""},
		{body("poor"), "HTTP/1.1 200 OK\r\n\r\nall fine/", bad, `answer is not certain within its first 27 bytes: body does not match "poor" so far`},
		{nil, "HTTP/1.1 103 Early Hints\r\n/", bad, "no status within the first 26 bytes of the answer"},
		{body("x"), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n", bad, "answer cannot be read: invalid byte in chunk length"},
		{body("x"), "HTTP/1.1 503 Busy\r\n", bad, "status 503, want 200 to 299"},
	} {
		answer, end := endOf(c.answer)
		if out, why := httpOf(t, c.settings).read(answer, end); out != c.out || why != c.why {
			t.Errorf("%v %q: got %d %q, want %d %q", c.settings, c.answer, out, why, c.out, c.why)
		}
	}
}

// However an answer is split on its way, it comes to the same: no part of it says otherwise than the whole.
func TestAnswersInParts(t *testing.T) {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, c := range []struct {
		body, answer string
		out          outcome
	}{
		{"ok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", good},
		{"ok$", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", good},
		{"ok", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", good},
		{"ok$", "HTTP/1.0 200 OK\nX: y\n\nok|", good},
		{"ok$", "HTTP/1.0 200 OK\nX: y\n\r\nok|", good},
		{"ok", chunked + "2\r\nok\r\n0\r\n\r\n", good},
		{"ok$", chunked + "2\r\nok\r\n0\r\n\r\n", good},
		{"ok$", chunked + "1;x=y\r\no\r\n01\r\nk\r\n00;x\r\nX-T: 1\r\nX-U: 2\r\n\r\n", good},
		{"ok$", chunked + "3\r\noks\r\n0\r\nX-T: 1\r\n\r\n", bad},
		{"^$", chunked + "0\r\n\r\n", good},
		{"ok", "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nok", bad},
	} {
		answer, end := endOf(c.answer)
		s := httpOf(t, url.Values{"body": {c.body}})
		for i := range answer {
			if out, why := s.read(answer[:i], open); out != more && out != c.out {
				t.Errorf("%q for %s, after %q: got %d %q, want %d", c.answer, c.body, answer[:i], out, why, c.out)
			}
		}
		if out, why := s.read(answer, end); out != c.out {
			t.Errorf("%q for %s: got %d %q, want %d", c.answer, c.body, out, why, c.out)
		}
	}
}

func TestRequest(t *testing.T) {
	for _, c := range []struct {
		settings url.Values
		to, want string
	}{
		{nil, "192.0.2.21:80", "GET / HTTP/1.1|Host: 192.0.2.21|User-Agent: lbsync-health|Connection: close||"},
		{nil, "[2001:db8::1]:80", "GET / HTTP/1.1|Host: [2001:db8::1]|User-Agent: lbsync-health|Connection: close||"},
		{nil, "[fe80::1%eth0]:8080", "GET / HTTP/1.1|Host: [fe80::1]:8080|User-Agent: lbsync-health|Connection: close||"},
		{url.Values{"method": {"HEAD"}, "path": {"/health?full=1"}, "host": {"shop.example"}, "headers": {"Accept: text/plain", "X-Probe: 1"}}, "192.0.2.21:80",
			"HEAD /health?full=1 HTTP/1.1|Host: shop.example|User-Agent: lbsync-health|Accept: text/plain|X-Probe: 1|Connection: close||"},
		{url.Values{"method": {"POST"}, "headers": {"host: a.example", "User-Agent: me"}}, "192.0.2.21:80", "POST / HTTP/1.1|host: a.example|User-Agent: me|Content-Length: 0|Connection: close||"},
	} {
		got := string(httpOf(t, c.settings).request(nil, netip.MustParseAddrPort(c.to)))
		if want := strings.ReplaceAll(c.want, "|", "\r\n"); got != want {
			t.Errorf("%v to %s:\n%q, want\n%q", c.settings, c.to, got, want)
		}
	}
}

func TestSettingsAreRefused(t *testing.T) {
	for _, v := range []url.Values{{"body": {"("}}, {"status": {"x"}}, {"bind": {"x"}}, {"path": {"/a b"}}, {"host": {"a\r\nb"}}, {"headers": {"a: b\nc: d"}}} {
		if _, err := readSettings("http", spec.CheckSettings(v.Encode())); err == nil {
			t.Errorf("%v is taken", v)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n0\r\n\r\n"), true)
	s, err := readSettings("http", spec.CheckSettings(url.Values{"body": {"all$"}}.Encode()))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, answer []byte, over bool) {
		end := open
		if over {
			end = ended
		}
		out, why := s.http.read(answer, end)
		if over && out == more {
			t.Errorf("%q is over and not certain", answer)
		}
		if (out == bad) != (why != "") {
			t.Errorf("%q: outcome %d, why %q", answer, out, why)
		}
	})
}
