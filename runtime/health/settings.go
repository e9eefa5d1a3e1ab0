package health

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// settings are the settings of a check that the loop runs itself, shared by all checks that have the same.
type settings struct {
	bind netip.Addr
	http *httpSettings // nil: it is enough to connect
}

type httpSettings struct {
	method, path, host string // host "": address and port
	headers            []string
	status             []int // sorted; none: 200 to 299
	body               *regexp.Regexp
	toEnd              bool // body can only be judged by the whole answer
}

// ofLoop are the kinds that the loop runs itself.
func ofLoop(kind string) bool { return kind == "tcp" || kind == "http" }

// readSettings are those of a check of a kind of the loop.
func readSettings(kind string, written spec.CheckSettings) (*settings, error) {
	v := written.Values()
	s := &settings{}
	if bind := v.Get("bind"); bind != "" {
		var err error
		if s.bind, err = netip.ParseAddr(bind); err != nil {
			return nil, fmt.Errorf("read bind: %w", err)
		}
		s.bind = s.bind.Unmap()
	}
	if kind == "tcp" {
		return s, nil
	}
	var err error
	s.http, err = readHTTP(v)
	return s, err
}

func readHTTP(v url.Values) (*httpSettings, error) {
	s := &httpSettings{method: v.Get("method"), path: v.Get("path"), host: v.Get("host"), headers: v["headers"]}
	if s.method == "" {
		s.method = http.MethodGet
	}
	if !strings.HasPrefix(s.path, "/") {
		s.path = "/" + s.path
	}
	for _, written := range v["status"] {
		code, err := strconv.Atoi(written)
		if err != nil {
			return nil, fmt.Errorf("read status: %w", err)
		}
		s.status = append(s.status, code)
	}
	slices.Sort(s.status)
	for _, text := range append([]string{s.path, s.host}, s.headers...) {
		if strings.ContainsAny(text, "\r\n") || strings.Contains(s.path, " ") {
			return nil, fmt.Errorf("write request: %q has a character that would end the line or the path", text)
		}
	}
	if body := v.Get("body"); body != "" {
		var err error
		if s.body, err = regexp.Compile(body); err != nil {
			return nil, fmt.Errorf("read body: %w", err)
		}
		s.toEnd = looksAhead(body)
	}
	return s, nil
}

// looksAhead says whether more text can make an expression not match that matched: it asks what follows.
func looksAhead(expr string) bool {
	re, err := syntax.Parse(expr, syntax.Perl)
	return err != nil || asksWhatFollows(re)
}

func asksWhatFollows(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpEndLine, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	}
	return slices.ContainsFunc(re.Sub, asksWhatFollows)
}

// request is appended to b. The address stands for the host where none is written.
func (s *httpSettings) request(b []byte, to netip.AddrPort) []byte {
	b = append(b, s.method...)
	b = append(b, ' ')
	b = append(b, s.path...)
	b = append(b, " HTTP/1.1\r\n"...)
	if !s.has("host") {
		b = append(b, "Host: "...)
		b = append(s.appendHost(b, to), "\r\n"...)
	}
	if !s.has("user-agent") {
		b = append(b, "User-Agent: lbsync-health\r\n"...)
	}
	for _, h := range s.headers {
		b = append(b, h...)
		b = append(b, "\r\n"...)
	}
	if s.method == http.MethodPost {
		b = append(b, "Content-Length: 0\r\n"...)
	}
	return append(b, "Connection: close\r\n\r\n"...)
}

func (s *httpSettings) has(name string) bool {
	for _, h := range s.headers {
		if n, _, _ := strings.Cut(h, ":"); strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

func (s *httpSettings) appendHost(b []byte, to netip.AddrPort) []byte {
	switch a := to.Addr().WithZone(""); {
	case s.host != "":
		return append(b, s.host...)
	case to.Port() != 80:
		return netip.AddrPortFrom(a, to.Port()).AppendTo(b)
	case a.Is6():
		return append(a.AppendTo(append(b, '[')), ']')
	default:
		return a.AppendTo(b)
	}
}

// wanted are the status codes in words.
func (s *httpSettings) wanted() string {
	if len(s.status) == 0 {
		return "200 to 299"
	}
	words := make([]string, len(s.status))
	for i, code := range s.status {
		words[i] = strconv.Itoa(code)
	}
	return strings.Join(words, " or ")
}

func (s *httpSettings) accepts(code int) bool {
	if len(s.status) == 0 {
		return code >= 200 && code <= 299
	}
	return slices.Contains(s.status, code)
}
