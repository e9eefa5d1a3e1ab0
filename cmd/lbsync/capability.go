package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// mayElect is an error without what an engine cannot do without. One that could not add addresses would win elections all the same,
// and nobody would have them.
func mayElect() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var has [2]unix.CapUserData // capabilities 0 to 31, and those above
	if err := unix.Capget(&header, &has[0]); err != nil {
		return fmt.Errorf("read own capabilities: %w", err)
	}
	for _, c := range []struct {
		name string
		bit  int
	}{{"CAP_NET_ADMIN", unix.CAP_NET_ADMIN}, {"CAP_NET_RAW", unix.CAP_NET_RAW}} {
		if has[0].Effective&(1<<c.bit) == 0 {
			return fmt.Errorf("the engine needs CAP_NET_ADMIN and CAP_NET_RAW, and lacks %s: run it as root, or by lbsync-engine.service", c.name)
		}
	}
	return nil
}
