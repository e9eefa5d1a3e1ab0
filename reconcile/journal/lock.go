package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// LockedError says that another process writes this journal.
type LockedError struct {
	Dir string
	PID string // "" while the other has not written it yet
}

func (e *LockedError) Error() string {
	holder := "another process"
	if e.PID != "" {
		holder = "process " + e.PID
	}
	return fmt.Sprintf("open journal %s: %s already writes it; stop that agent first", e.Dir, holder)
}

// lock takes the folder for this process. The kernel lets go of it when the process ends, however it ends.
func lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock journal: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		pid, _ := io.ReadAll(io.LimitReader(f, 20)) // unread, the message only lacks the number
		return nil, errors.Join(&LockedError{dir, strings.TrimSpace(string(pid))}, f.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock journal %s: %w", dir, err), f.Close())
	}
	// The number is for people: a full disk must not keep the agent from starting.
	if f.Truncate(0) == nil {
		_, _ = fmt.Fprintln(f, os.Getpid())
	}
	return f, nil
}
