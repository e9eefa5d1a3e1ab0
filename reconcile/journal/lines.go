package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
)

// line is one line of a segment. Its bytes are valid until the next one is taken.
type line struct {
	off   int64
	bytes []byte // without the newline; nil when it is longer than maxLine
	open  bool   // there is no newline
	last  bool   // nothing follows
}

// forward yields the lines of the first size bytes, oldest first. It ends after an error.
func forward(r io.ReaderAt, size int64) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		in := bufio.NewReaderSize(io.NewSectionReader(r, 0, size), maxLine+1)
		for off := int64(0); off < size; {
			l, n, err := readLine(in)
			l.off = off
			off += n
			// The writer may have taken back what it could not finish: then the file is shorter now.
			if n == 0 && errors.Is(err, io.EOF) {
				return
			}
			l.last = l.open || off == size
			if !yield(l, err) || err != nil {
				return
			}
		}
	}
}

// readLine takes a line of any length, but keeps it only when a record can be that long.
func readLine(in *bufio.Reader) (l line, n int64, err error) {
	b, err := in.ReadSlice('\n')
	n = int64(len(b))
	l.bytes = bytes.TrimSuffix(b, []byte("\n"))
	for errors.Is(err, bufio.ErrBufferFull) {
		b, err = in.ReadSlice('\n')
		n += int64(len(b))
		l.bytes = nil
	}
	if errors.Is(err, io.EOF) && n > 0 {
		l.open, err = true, nil
	}
	return l, n, err
}

const chunk = 64 << 10

// backward yields the lines of the first size bytes, newest first, reading no more of the file than is asked for. It ends after an
// error.
func backward(r io.ReaderAt, size int64) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		s := tailScanner{r: r, pos: size, end: size}
		for s.end > 0 {
			l, err := s.next()
			l.last = l.off+s.length == size
			if !yield(l, err) || err != nil {
				return
			}
		}
	}
}

// tailScanner holds the bytes [pos, pos+len(buf)) of a file; the next line ends at end.
type tailScanner struct {
	r        io.ReaderAt
	buf      []byte
	pos, end int64
	length   int64 // of the line that next returned
}

func (s *tailScanner) next() (line, error) {
	if err := s.fill(); err != nil {
		return line{}, err
	}
	body, closed := bytes.CutSuffix(s.buf, []byte("\n"))
	long := false
	at := bytes.LastIndexByte(body, '\n')
	for at < 0 && s.pos > 0 {
		if len(body) > maxLine {
			long, s.buf = true, nil
		}
		if err := s.grow(); err != nil {
			return line{}, err
		}
		body = s.buf
		if closed && !long {
			body = body[:len(body)-1]
		}
		at = bytes.LastIndexByte(body, '\n')
	}
	l := line{off: s.pos + int64(at) + 1, bytes: body[at+1:], open: !closed}
	if long || len(l.bytes) > maxLine {
		l.bytes = nil
	}
	s.length, s.end, s.buf = s.end-l.off, l.off, s.buf[:at+1]
	return l, nil
}

// fill makes sure that the end of the next line is in the buffer.
func (s *tailScanner) fill() error {
	if len(s.buf) > 0 {
		return nil
	}
	return s.grow()
}

// grow reads the chunk before the buffer.
func (s *tailScanner) grow() error {
	n := min(chunk, s.pos)
	b := make([]byte, n, n+int64(len(s.buf)))
	if _, err := s.r.ReadAt(b, s.pos-n); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	s.buf, s.pos = append(b, s.buf...), s.pos-n
	return nil
}

// torn tells whether a last line was not written to its end. After a power loss the file may be long enough, with zeros in it.
func (l line) torn() bool {
	return l.last && (l.open || !json.Valid(l.bytes))
}
