// Package cache keeps what the lab built: unpacked kernels and their initramfs.
package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/cmd/lblab/debian"
	"github.com/lbsync/lbsync/cmd/lblab/vm"
)

// Dir is the folder of the cache: lbsync-lab in XDG_CACHE_HOME or ~/.cache.
func Dir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache: %w", err)
	}
	return filepath.Join(base, "lbsync-lab"), nil
}

// Kernel is a kernel ready to boot.
type Kernel struct {
	Release   string // as uname -r prints it
	Image     string
	Initramfs string
	Modules   string // directory that belongs at /lib/modules/Release
}

// Ready gives the kernel of the cache, filling the cache when it is empty or refresh is set. Two lblab may call it
// at the same time: the second waits for the first.
func Ready(apt debian.Apt, refresh bool) (Kernel, error) {
	dir, err := Dir()
	if err != nil {
		return Kernel{}, err
	}
	unlock, err := lock(dir)
	if err != nil {
		return Kernel{}, err
	}
	defer unlock()
	release, err := current(dir)
	if err != nil {
		return Kernel{}, err
	}
	if release == "" || refresh {
		if release, err = fetch(apt, dir); err != nil {
			return Kernel{}, err
		}
		if err := setCurrent(dir, release); err != nil {
			return Kernel{}, err
		}
	}
	return withInitramfs(dir, release)
}

func lock(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("lock the cache: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the cache: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock the cache %s: %w", dir, err)
	}
	return func() { _ = f.Close() }, nil
}

// withInitramfs builds the initramfs unless the recipe of this lblab has built it already.
func withInitramfs(dir, release string) (Kernel, error) {
	root := filepath.Join(dir, prefix+release)
	k := Kernel{Release: release, Image: filepath.Join(root, image), Modules: filepath.Join(root, "lib/modules", release)}
	busybox := debian.Program("busybox")
	content, err := vm.Initramfs(k.Modules, busybox)
	if err != nil {
		return Kernel{}, err
	}
	sum := sha256.Sum256(content)
	k.Initramfs = filepath.Join(root, "initramfs-"+hex.EncodeToString(sum[:8])+".cpio")
	if _, err := os.Stat(k.Initramfs); err == nil {
		return k, nil
	}
	return k, replace(k.Initramfs, content)
}

// replace writes a file that is there whole or not at all.
func replace(name string, content []byte) error {
	part := name + ".part"
	if err := os.WriteFile(part, content, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return os.Rename(part, name)
}

// current reads which kernel of the cache is in use; empty when there is none yet.
func current(dir string) (string, error) {
	target, err := os.Readlink(filepath.Join(dir, link))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the cache: %w", err)
	}
	return strings.TrimPrefix(target, prefix), nil
}

func setCurrent(dir, release string) error {
	part := filepath.Join(dir, link+".part")
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("write the cache: %w", err)
	}
	if err := os.Symlink(prefix+release, part); err != nil {
		return fmt.Errorf("write the cache: %w", err)
	}
	return os.Rename(part, filepath.Join(dir, link))
}
