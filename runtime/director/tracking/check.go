package tracking

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/lbsync/lbsync/runtime/program"
	"github.com/lbsync/lbsync/spec"
)

// script runs the command; exit code 0 within the timeout is good.
func script(ctx context.Context, t spec.Tracking) error {
	ctx, cancel := context.WithTimeoutCause(ctx, t.Timeout, fmt.Errorf("not done within %v", t.Timeout))
	defer cancel()
	return program.Run(ctx, strings.Split(t.Command, "\x00"), nil)
}

// longestNumber is more than any number of 64 bits and its newline.
const longestNumber = 64

// file reads the number: 0 is good, as is a file that is empty or missing; any other number is bad, and so is what is no number or
// cannot be read. `echo 1 > FILE` takes a director out, `rm FILE` brings it back.
func file(path string) error {
	// A fifo in its place would hold up a reader that may block.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("read %s: not a regular file", path)
	}
	b, err := io.ReadAll(io.LimitReader(f, longestNumber))
	if err != nil {
		return err
	}
	return number(strings.TrimSpace(string(b)))
}

func number(text string) error {
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no number", text)
	}
	if n != 0 {
		return fmt.Errorf("the number is %d, not 0", n)
	}
	return nil
}
