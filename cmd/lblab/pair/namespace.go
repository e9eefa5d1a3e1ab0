package pair

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/vishvananda/netns"
)

// Inside runs f on a thread that is in the namespace: what f starts or opens is in it, and /proc/thread-self/net shows it.
func Inside(ns netns.NsHandle, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own, err := netns.Get()
	if err != nil {
		return fmt.Errorf("find the own network namespace: %w", err)
	}
	defer func() { _ = own.Close() }()
	if err := netns.Set(ns); err != nil {
		return fmt.Errorf("enter a network namespace: %w", err)
	}
	defer func() {
		if err := netns.Set(own); err != nil {
			panic(fmt.Sprintf("a thread cannot leave a network namespace: %v", err))
		}
	}()
	return f()
}

// newNamespace makes a network namespace that lives as long as the handle is open or somebody is in it.
func newNamespace() (netns.NsHandle, error) {
	own, err := netns.Get()
	if err != nil {
		return netns.None(), fmt.Errorf("find the own network namespace: %w", err)
	}
	defer func() { _ = own.Close() }()
	made := netns.None()
	err = Inside(own, func() error {
		if made, err = netns.New(); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		return settle()
	})
	return made, err
}

// settings let an interface speak IPv6 at once.
var settings = map[string]string{
	"net/ipv6/conf/default/accept_dad": "0", "net/ipv6/conf/default/accept_ra": "0",
	"net/ipv6/conf/default/router_solicitations": "0",
}

// settle writes the sysctls of the thread's namespace.
func settle() error {
	for path, value := range settings {
		err := os.WriteFile("/proc/sys/"+path, []byte(value), 0o644)
		if err != nil {
			return fmt.Errorf("set %s: %w", strings.ReplaceAll(path, "/", "."), err)
		}
	}
	return nil
}
