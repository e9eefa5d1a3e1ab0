package inside

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// hostname of the machine; it says in every log that the lab wrote it.
const hostname = "lblab"

type mount struct {
	source, target, kind string
	flags                uintptr
	data                 string
}

func (m mount) do() error {
	if err := os.MkdirAll(m.target, 0o755); err != nil {
		return fmt.Errorf("mount %s: %w", m.target, err)
	}
	if err := unix.Mount(m.source, m.target, m.kind, m.flags, m.data); err != nil {
		return fmt.Errorf("mount %s on %s: %w", m.source, m.target, err)
	}
	return nil
}

func mountAll(mounts []mount) error {
	for _, m := range mounts {
		if err := m.do(); err != nil {
			return err
		}
	}
	return nil
}

// prepareMachine finishes what the initramfs began: /dev, /proc, /sys and the root are mounted by then.
func prepareMachine(m wire.Machine) error {
	mounts := []mount{
		{"devpts", "/dev/pts", "devpts", 0, "ptmxmode=666"},
		{"tmpfs", "/dev/shm", "tmpfs", 0, ""},
		{"tmpfs", "/run", "tmpfs", 0, "mode=755"},
		{"tmpfs", "/run/lock", "tmpfs", 0, ""},
		{m.Modules, filepath.Join("/lib/modules", m.Release), "", unix.MS_BIND, ""},
	}
	for i, dir := range m.Shares {
		mounts = append(mounts, share(wire.ShareTag(i), dir))
	}
	if err := mountAll(mounts); err != nil {
		return err
	}
	if err := deviceLinks(); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(hostname)); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	return loadIPVS()
}

// loadIPVS makes the machine like a running kernel that has IPVS, where lblab has loaded it before it looked.
func loadIPVS() error {
	if out, err := exec.Command("modprobe", "ip_vs").CombinedOutput(); err != nil {
		return fmt.Errorf("load ip_vs: %w: %s", err, out)
	}
	return nil
}

// share is not cached beyond mmap: the host must see what was written, and the other way round.
func share(tag, dir string) mount {
	return mount{tag, dir, "9p", 0, "trans=virtio,version=9p2000.L,cache=mmap,msize=524288"}
}

// deviceLinks makes what udev would: devtmpfs has the nodes alone.
func deviceLinks() error {
	links := map[string]string{
		"/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0",
		"/dev/stdout": "/proc/self/fd/1", "/dev/stderr": "/proc/self/fd/2",
	}
	for name, target := range links {
		if err := os.Symlink(target, name); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("prepare /dev: %w", err)
		}
	}
	return nil
}

// prepareNamespaces makes the fresh namespaces look like a machine. The private tmpfs over /run/netns keeps the named
// namespaces of a topology away from the host; they vanish with the mount namespace.
func prepareNamespaces() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	return mountAll([]mount{
		{"proc", "/proc", "proc", 0, ""},
		{"sysfs", "/sys", "sysfs", 0, ""},
		{"tmpfs", "/run/netns", "tmpfs", 0, "mode=755"},
	})
}

// loopbackUp: without lo up the kernel has no local routing table and refuses every IPv4 real server (EINVAL).
func loopbackUp() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	return nil
}
