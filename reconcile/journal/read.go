package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// Read yields the records of the journal in dir that pass the filter, while it may be written. A line that is no record yields a
// *LineError, after which the sequence goes on; the line that is being written, or that a crash left incomplete, is passed over.
func Read(dir string, f Filter) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for e, err := range entries(dir, &walk{filter: f}) {
			if !yield(e.Record, err) {
				return
			}
		}
	}
}

// Export writes the lines that pass the filter as they stand in the journal, with what newer versions put into them. The whole
// journal, oldest first, is a chain that can be proven again. It stops at the first line that is no record.
func Export(w io.Writer, dir string, f Filter) error {
	for e, err := range entries(dir, &walk{filter: f}) {
		if err != nil {
			return err
		}
		if _, err := w.Write(append(e.line, '\n')); err != nil {
			return fmt.Errorf("export journal: %w", err)
		}
	}
	return nil
}

type entry struct {
	Record
	line []byte
}

func entries(dir string, w *walk) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		files, err := segments(dir)
		if err != nil {
			yield(entry{}, err)
			return
		}
		w.left, w.yield = w.filter.Limit, yield
		if len(files) > 0 {
			w.last = files[len(files)-1].number
		}
		files = after(files, w.filter.After)
		if w.filter.Newest {
			slices.Reverse(files)
		}
		for _, s := range files {
			if !w.segment(s) {
				return
			}
		}
	}
}

// walk is one run of a reader.
type walk struct {
	filter Filter
	most   int64 // bytes that may be looked at; 0 is no limit
	left   int   // records still to yield; unused without a limit
	last   int   // number of the segment that may end with a torn line
	yield  func(entry, error) bool

	looked int64  // bytes that were looked at
	seq    uint64 // of the last record that was
}

func (w *walk) segment(s segment) (more bool) {
	f, size, err := openSegment(s)
	if err != nil {
		return w.yield(entry{}, err)
	}
	defer func() { _ = f.Close() }()
	for l, err := range w.lines(f, size) {
		if s.number == w.last && err == nil && l.torn() {
			continue
		}
		if !w.line(s, l, err) || w.spent() {
			return false
		}
	}
	return true
}

func (w *walk) spent() bool { return w.most > 0 && w.looked > w.most }

func (w *walk) lines(f *os.File, size int64) iter.Seq2[line, error] {
	if w.filter.Newest {
		return backward(f, size)
	}
	return forward(f, size)
}

var errNoRecord = errors.New("the line is not a record of the journal")

func (w *walk) line(s segment, l line, err error) (more bool) {
	h, ok := parseHeader(l.bytes)
	if err == nil && !ok {
		err = errNoRecord
	}
	w.looked += int64(len(l.bytes))
	w.seq = max(w.seq, h.seq)
	if err == nil && !w.filter.within(h) {
		return true
	}
	var r Record
	if err == nil {
		err = json.Unmarshal(l.bytes, &r)
	}
	if err != nil {
		return w.yield(entry{}, &LineError{s.name(), l.off, err})
	}
	if !w.filter.match(r) {
		return true
	}
	w.left--
	return w.yield(entry{r, bytes.Clone(l.bytes)}, nil) && w.left != 0
}
