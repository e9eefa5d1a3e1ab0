package kernel

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/vishvananda/netns"
)

// namespace is a network namespace to work in; the zero value, and netns.None, is the caller's own.
type namespace struct{ handle netns.NsHandle }

func openNamespace(name string) (namespace, error) {
	if name == "" {
		return namespace{netns.None()}, nil
	}
	open := netns.GetFromName
	if strings.Contains(name, "/") {
		open = netns.GetFromPath
	}
	h, err := open(name)
	if err != nil {
		return namespace{netns.None()}, fmt.Errorf("open network namespace %s: %w", name, err)
	}
	return namespace{h}, nil
}

// do runs f on a thread that is in the namespace: sockets opened there belong to it, and /proc/sys/net shows its sysctls.
func (n namespace) do(f func() error) (err error) {
	if !n.handle.IsOpen() {
		return f()
	}
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("find own network namespace: %w", err)
	}
	defer func() {
		back := errors.Join(netns.Set(home), home.Close())
		if back == nil {
			// Otherwise the thread stays locked, and ends with its goroutine: no one else must run in the wrong namespace.
			runtime.UnlockOSThread()
		}
		err = errors.Join(err, back)
	}()
	if err := netns.Set(n.handle); err != nil {
		return fmt.Errorf("enter network namespace: %w", err)
	}
	return f()
}

func (n namespace) close() error {
	if !n.handle.IsOpen() {
		return nil
	}
	return n.handle.Close()
}
