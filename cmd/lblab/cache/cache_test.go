package cache

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestCurrentFollowsSetCurrent(t *testing.T) {
	dir := t.TempDir()
	if got, err := current(dir); got != "" || err != nil {
		t.Fatalf("empty cache: %q, %v", got, err)
	}
	for _, release := range []string{"6.1.0-55-amd64", "6.1.0-56-amd64"} {
		if err := setCurrent(dir, release); err != nil {
			t.Fatal(err)
		}
		if got, err := current(dir); got != release || err != nil {
			t.Errorf("current %q, %v, want %q", got, err, release)
		}
	}
}

func TestLockExcludes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	unlock, err := lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.Open(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if err := unix.Flock(int(other.Fd()), unix.LOCK_EX|unix.LOCK_NB); !errors.Is(err, unix.EWOULDBLOCK) {
		t.Errorf("second lock: %v, want EWOULDBLOCK", err)
	}
	unlock()
	if err := unix.Flock(int(other.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Errorf("lock after unlock: %v", err)
	}
}
