package agent

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// lock takes the director for this process. The kernel lets go of it when the process ends, however it ends.
func lock(folder string) (*os.File, error) {
	path := filepath.Join(folder, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock director: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(fmt.Errorf("lock %s: %s runs this director already; stop it first", path, holder(f)), f.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	// The number is for people: a full disk must not keep the agent from starting.
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	}
	return f, nil
}

func holder(f *os.File) string {
	pid, err := io.ReadAll(io.LimitReader(f, 20))
	if text := strings.TrimSpace(string(pid)); err == nil && text != "" {
		return "process " + text
	}
	return "another process"
}
