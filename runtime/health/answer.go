package health

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
)

// mostHeard is how much of an answer is read, header and body.
const mostHeard = 64 << 10

// outcome is what an answer comes to, as far as it is there.
type outcome uint8

const (
	more outcome = iota // it depends on what follows
	good
	bad
)

// ending is why nothing more of an answer is read.
type ending uint8

const (
	open   ending = iota // it is
	ended                // the server closed
	enough               // so much is enough: it is judged as if it were all
	cut                  // the connection is broken
	late                 // its time is over
)

// read judges what came of an answer. It is certain as soon as it can be: a status line is enough where no body is asked for.
func (s *httpSettings) read(b []byte, end ending) (outcome, string) {
	code, answer, fault := final(b)
	if fault != "" {
		return bad, fault
	}
	switch {
	case code == 0 && end == ended:
		return bad, closed(b, "its status")
	case code == 0 && end == enough:
		return bad, fmt.Sprintf("no status within the first %s of the answer", octets(len(b)))
	case code == 0:
		return more, ""
	case !s.accepts(code):
		return bad, fmt.Sprintf("status %d, want %s", code, s.wanted())
	case s.body == nil:
		return good, ""
	}
	body, whole, err := s.bodyOf(answer, end == ended)
	switch {
	case (whole || end == enough || !s.toEnd) && s.body.Match(body):
		return good, ""
	case err != nil:
		return bad, fmt.Sprintf("answer cannot be read: %v", err)
	case whole:
		return bad, fmt.Sprintf("body does not match %q (%s)", s.body, octets(len(body)))
	case end == ended:
		return bad, closed(b, "its end")
	case end == enough:
		return bad, fmt.Sprintf("answer is not certain within its first %s%s", octets(len(b)), s.missing())
	}
	return more, ""
}

func closed(b []byte, before string) string {
	return fmt.Sprintf("closed by the server after %s, before %s", octets(len(b)), before)
}

func octets(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return strconv.Itoa(n) + " bytes"
}

// final is the status code of the last answer, and that answer: those of 1xx only announce it (RFC 9110, section 15.2). 0: it is not
// there yet.
func final(b []byte) (code int, answer []byte, bad string) {
	for {
		code, bad = statusOf(b)
		if !announces(code) {
			return code, b, bad
		}
		end := headerEnd(b)
		if end == 0 {
			return 0, b, ""
		}
		b = b[end:]
	}
}

func announces(code int) bool {
	return code >= 100 && code <= 199 && code != http.StatusSwitchingProtocols
}

// headerEnd is where the body begins; 0: the header goes on. Lines may end without CR (RFC 9112, section 2.2).
func headerEnd(b []byte) int {
	for at := 0; ; {
		n := bytes.IndexByte(b[at:], '\n')
		if n < 0 {
			return 0
		}
		at += n + 1
		for _, empty := range []string{"\n", "\r\n"} {
			if bytes.HasPrefix(b[at:], []byte(empty)) {
				return at + len(empty)
			}
		}
	}
}

// statusOf is the code in the status line, once that is whole.
func statusOf(b []byte) (code int, bad string) {
	const longest = 4096
	const version = "HTTP/1."
	line, _, whole := bytes.Cut(b, []byte("\n"))
	n := min(len(line), len(version))
	if string(line[:n]) != version[:n] || whole && n < len(version) || !whole && len(line) > longest {
		return 0, fmt.Sprintf("no answer in HTTP/1: it begins with %q", line[:min(len(line), 32)])
	}
	if !whole {
		return 0, ""
	}
	_, rest, _ := bytes.Cut(bytes.TrimRight(line, "\r"), []byte(" "))
	digits, _, _ := bytes.Cut(rest, []byte(" "))
	code, err := strconv.Atoi(string(digits))
	if err != nil || len(digits) != 3 || code < 100 {
		return 0, fmt.Sprintf("no answer in HTTP/1: it begins with %q", line[:min(len(line), 32)])
	}
	return code, ""
}

// bodyOf is what there is of the body, without the framing of its chunks, and whether that is all. Nothing of interest follows the
// last chunk.
func (s *httpSettings) bodyOf(answer []byte, ended bool) (body []byte, whole bool, err error) {
	if headerEnd(answer) == 0 {
		return nil, false, nil
	}
	in := bufio.NewReader(bytes.NewReader(answer))
	r, err := http.ReadResponse(in, &http.Request{Method: s.method})
	if err != nil {
		return nil, false, err
	}
	from := io.Reader(r.Body)
	if isChunked(r) {
		from = httputil.NewChunkedReader(in)
	}
	body, err = io.ReadAll(from)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return body, false, nil
	}
	// Without a length it ends with the connection.
	return body, err == nil && (isChunked(r) || r.Body == http.NoBody || r.ContentLength >= 0 || ended), err
}
