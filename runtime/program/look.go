package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/lbsync/lbsync/runtime/patient"
)

// files are the programs and interpreters that were looked at, by path.
var files = struct {
	sync.Mutex
	looks map[string]*patient.Call[string]
}{looks: map[string]*patient.Call[string]{}}

// reach reads the beginning of a program, and of the interpreters that it names, as execve(2) is going to: the error is of a file that
// hangs. All else that is wrong, execve says.
func reach(ctx context.Context, path string) error {
	const mostInterpreters = 5 // as the kernel has it (fs/exec.c)
	for range 1 + mostInterpreters {
		interpreter, err := lookAt(path).Get(ctx)
		if hung := (patient.Hangs{}); errors.As(err, &hung) {
			return fmt.Errorf("%s %w", path, err)
		}
		if err != nil || interpreter == "" {
			return nil
		}
		path = interpreter
	}
	return nil
}

func lookAt(path string) *patient.Call[string] {
	files.Lock()
	defer files.Unlock()
	if files.looks[path] == nil {
		files.looks[path] = &patient.Call[string]{Do: func() (string, error) { return interpreterOf(path) }}
	}
	return files.looks[path]
}

// interpreterOf is the one that a script names (execve(2)); "" where it is none.
func interpreterOf(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	after, is := strings.CutPrefix(line, "#!")
	words := strings.Fields(after)
	if !is || len(words) == 0 {
		return "", nil
	}
	return words[0], nil
}
