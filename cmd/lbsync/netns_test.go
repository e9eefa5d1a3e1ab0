package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// namespaces makes two hosts on one wire, network namespaces that $NS1 and $NS2 name, with 192.0.2.1 and 192.0.2.2 on their eth0.
func namespaces(ts *testscript.TestScript, _ bool, _ []string) {
	a := fmt.Sprintf("lbs%d-1", os.Getpid())
	b := fmt.Sprintf("lbs%d-2", os.Getpid())
	ts.Setenv("NS1", a)
	ts.Setenv("NS2", b)
	ts.Defer(func() {
		for _, ns := range []string{a, b} {
			_ = exec.Command("ip", "netns", "del", ns).Run() // it may not have come that far
		}
	})
	ip(ts, "netns add "+a)
	ip(ts, "netns add "+b)
	ip(ts, "-n "+a+" link add eth0 type veth peer name eth0 netns "+b)
	for n, ns := range []string{a, b} {
		ip(ts, fmt.Sprintf("-n %s addr add 192.0.2.%d/24 dev eth0", ns, n+1))
		ip(ts, "-n "+ns+" link set eth0 up")
		ip(ts, "-n "+ns+" link set lo up")
	}
}

func ip(ts *testscript.TestScript, args string) {
	if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		ts.Fatalf("ip %s: %v\n%s", args, err, out)
	}
}
