package cache

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lbsync/lbsync/cmd/lblab/debian"
	"github.com/lbsync/lbsync/cmd/lblab/vm"
)

const (
	prefix = "kernel-"
	image  = "vmlinux"
	link   = "current" // symlink to the kernel in use
)

// fetch adds Debian's current kernel to the cache and gives its release.
func fetch(apt debian.Apt, dir string) (string, error) {
	name, err := apt.KernelPackage()
	if err != nil {
		return "", err
	}
	release := strings.TrimSuffix(strings.TrimPrefix(name, "linux-image-"), "-unsigned")
	final := filepath.Join(dir, prefix+release)
	if _, err := os.Stat(final); err == nil {
		return release, nil
	}
	part, err := os.MkdirTemp(dir, "part-")
	if err != nil {
		return "", fmt.Errorf("fetch the kernel: %w", err)
	}
	defer func() { _ = os.RemoveAll(part) }()
	if err := apt.Unpack(name, part); err != nil {
		return "", fmt.Errorf("fetch the kernel: %w", err)
	}
	if err := finish(part, release); err != nil {
		return "", fmt.Errorf("fetch the kernel: %w", err)
	}
	return release, os.Rename(part, final)
}

// finish turns an unpacked package into what boots.
func finish(root, release string) error {
	if err := os.Chmod(root, 0o755); err != nil {
		return err
	}
	if err := debian.Depmod(root, release); err != nil {
		return err
	}
	packed, err := os.ReadFile(filepath.Join(root, "boot", "vmlinuz-"+release))
	if err != nil {
		return err
	}
	payload, err := vm.Payload(packed)
	if err != nil {
		return err
	}
	kernel, err := debian.Unxz(payload)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, image), kernel, 0o644)
}
