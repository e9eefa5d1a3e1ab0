package source

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

// smallestEntry is the least an object takes in a pack: one byte of header, eight of an empty zlib stream.
const smallestEntry = 9

// checkSizes reads what a pack says of its objects before anything is unpacked into memory: go-git's parser reserves what the headers promise,
// and a few kilobytes can promise gigabytes.
func checkSizes(f *os.File, lim Limits) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("malformed pack: %v", p)
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	s := packfile.NewScanner(f)
	_, count, err := s.Header()
	if err != nil {
		return fmt.Errorf("read pack header: %w", err)
	}
	if int64(count) > info.Size()/smallestEntry {
		return fmt.Errorf("malformed pack: %d objects in %d bytes", count, info.Size())
	}
	for range count {
		if err := checkEntry(s, lim.Object); err != nil {
			return err
		}
	}
	return nil
}

func checkEntry(s *packfile.Scanner, limit int64) error {
	h, err := s.NextObjectHeader()
	if err != nil {
		return fmt.Errorf("read pack entry: %w", err)
	}
	size := h.Length
	if size <= limit && (h.Type == plumbing.OFSDeltaObject || h.Type == plumbing.REFDeltaObject) {
		var start head
		if _, _, err := s.NextObject(&start); err != nil {
			return fmt.Errorf("read delta: %w", err)
		}
		size = start.target()
	}
	if size < 0 || size > limit {
		return tooLarge("receive pack", "an object of %d bytes, the limit is %d", size, limit)
	}
	return nil
}

// head keeps the first bytes of a delta: two varints, the sizes of its base and of its result (gitformat-pack(5)).
type head []byte

func (h *head) Write(p []byte) (int, error) {
	*h = append(*h, p[:min(len(p), 2*binary.MaxVarintLen64-len(*h))]...)
	return len(p), nil
}

// target is the size of the result, or -1 if the bytes say none.
func (h head) target() int64 {
	_, n := binary.Uvarint(h)
	if n <= 0 {
		return -1
	}
	size, n := binary.Uvarint(h[n:])
	if n <= 0 || size > 1<<62 {
		return -1
	}
	return int64(size)
}
