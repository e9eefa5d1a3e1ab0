package probe

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/lbsync/lbsync/runtime/patient"
	"github.com/lbsync/lbsync/spec"
)

// file is a check of kind file: a file on this host that is there means up; a missing one, or one whose first word is down or 0, means
// down. So an operator takes a server out of service with touch, rm or echo. A file that cannot be read says nothing, and one that hangs,
// as on a network file system without its server, cannot be read.
type file struct {
	path string
	word *patient.Call[string]
}

func newFile(c spec.Check) (Probe, error) {
	path := c.Settings.Values().Get("path")
	f := file{path, &patient.Call[string]{Do: func() (string, error) { return firstWord(path) }}}
	return f.probe, nil
}

func (f file) probe(ctx context.Context) Result {
	word, err := f.word.Get(ctx)
	hung := patient.Hangs{}
	switch {
	case errors.As(err, &hung):
		return local("read %s: %v", f.path, err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return bad("%s is missing", f.path)
	case err != nil:
		return local("%v", err)
	case word == "down" || word == "0":
		return bad("%s says %s", f.path, word)
	}
	return ok
}

// openRegular opens a file to read. What could block, such as a pipe, is refused.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// firstWord is that of the first 4 KiB of a file.
func firstWord(path string) (string, error) {
	f, err := openRegular(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
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
