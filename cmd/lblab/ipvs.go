package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// hasIPVS says whether the running kernel serves the generic netlink family of IPVS. moby/ipvs cannot tell: without it,
// its calls succeed (family 0 is NLMSG_NOOP).
func hasIPVS() (bool, error) {
	if os.Geteuid() == 0 {
		// A kernel with IPVS built in needs no modprobe, one without it is found out below.
		_ = exec.Command("modprobe", "-q", "ip_vs").Run()
	}
	_, err := netlink.GenlFamilyGet("IPVS")
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask the kernel for IPVS: %w", err)
	}
	return true, nil
}
