package health

import (
	"bufio"
	"bytes"
	"net/http"
	"strconv"
)

// frame looks for the end of an answer as it comes in, and looks at nothing twice. What the answer comes to is read's to say: this only
// tells when to ask.
type frame struct {
	header int // where the last header begins
	at     int // where the next line begins, or the body ends
	in     part
}

// part is which part of an answer is next.
type part uint8

const (
	inHeader part = iota
	inChunks
	inBody // of a known length
	inRest // it ends with the connection, or its end was told
)

// ends says once that an answer is all there.
func (f *frame) ends(b []byte, method string) bool {
	for f.in == inHeader || f.in == inChunks {
		n := bytes.IndexByte(b[min(f.at, len(b)):], '\n')
		if n < 0 {
			return false
		}
		line := bytes.TrimRight(b[f.at:f.at+n], "\r")
		f.at += n + 1
		switch {
		case f.in == inChunks:
			f.chunk(line)
		case len(line) == 0:
			f.body(b[f.header:f.at], method)
		}
	}
	if f.in == inRest || len(b) < f.at {
		return false
	}
	f.in = inRest
	return true
}

// chunk is given the line that begins one. It ends with the last, and with what is none.
func (f *frame) chunk(line []byte) {
	digits, _, _ := bytes.Cut(line, []byte(";"))
	size, err := strconv.ParseUint(string(bytes.TrimSpace(digits)), 16, 32)
	if err != nil || size == 0 {
		f.in = inBody
		return
	}
	f.at += int(size) + len("\r\n")
}

// body is given a header.
func (f *frame) body(header []byte, method string) {
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(header)), &http.Request{Method: method})
	switch {
	case err != nil:
		f.in = inBody // it ends here, badly
	case announces(r.StatusCode):
		f.header = f.at
	case isChunked(r):
		f.in = inChunks
	case r.Body == http.NoBody:
		f.in = inBody
	case r.ContentLength >= 0:
		f.in, f.at = inBody, f.at+int(min(r.ContentLength, mostHeard))
	default:
		f.in = inRest
	}
}

// isChunked says whether a body comes in chunks.
func isChunked(r *http.Response) bool { return len(r.TransferEncoding) > 0 && r.Body != http.NoBody }
