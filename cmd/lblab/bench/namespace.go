package bench

import (
	"fmt"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// emptyKernel runs f in a fresh network namespace, where IPVS holds nothing yet. What f starts and opens from its own goroutine is in
// it; the namespace goes when the last of that ends.
func emptyKernel(f func() error) error {
	done := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine, so that nobody else gets it in the wrong namespace.
		runtime.LockOSThread()
		err := enterFresh()
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

func enterFresh() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("make a network namespace: %w", err)
	}
	// Without lo the kernel refuses every IPv4 real server (EINVAL).
	lo, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.LinkSetUp(lo)
	}
	if err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	return nil
}
