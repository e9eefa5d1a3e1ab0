package probe

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// file is a check of kind file: a file on this host that is there means up; a missing one, or one whose first word is down or 0, means
// down. So an operator takes a server out of service with touch, rm or echo. A file that cannot be read says nothing, and one that hangs,
// as on a network file system without its server, cannot be read.
type file struct {
	path string
	read func(path string) (string, error)

	mu   sync.Mutex
	last *reading // while it hangs, no other begins
}

// reading is one call to read a file. The kernel may not let go of it, whatever becomes of the probe.
type reading struct {
	began time.Time
	done  chan struct{} // closed once word and err are there
	word  string
	err   error
}

func newFile(c spec.Check) (Probe, error) {
	f := &file{path: c.Settings.Values().Get("path"), read: firstWord}
	return f.probe, nil
}

func (f *file) probe(ctx context.Context) Result {
	r := f.begin()
	select {
	case <-r.done:
		return f.result(r)
	case <-ctx.Done():
		return local("read %s: hangs since %s; does a network file system not answer?", f.path, r.began.UTC().Format(time.DateTime+"Z"))
	}
}

// begin is the call that hangs still, or a new one. What a call said that came to an end between two probes is old, and of no account.
func (f *file) begin() *reading {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last != nil {
		select {
		case <-f.last.done:
		default:
			return f.last
		}
	}
	r := &reading{began: time.Now(), done: make(chan struct{})}
	f.last = r
	go func() {
		r.word, r.err = f.read(f.path)
		close(r.done)
	}()
	return r
}

func (f *file) result(r *reading) Result {
	switch {
	case errors.Is(r.err, fs.ErrNotExist), errors.Is(r.err, syscall.ENOTDIR):
		return bad("%s is missing", f.path)
	case r.err != nil:
		return local("%v", r.err)
	case r.word == "down" || r.word == "0":
		return bad("%s says %s", f.path, r.word)
	}
	return ok
}

// firstWord is that of the first 4 KiB of a file. What could block, such as a pipe, is not read.
func firstWord(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	b, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return "", err
	}
	words := strings.Fields(string(b))
	if len(words) == 0 {
		return "", nil
	}
	return words[0], nil
}
