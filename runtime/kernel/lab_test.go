package kernel_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/vishvananda/netns"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/runtime/kernel/kerneltest"
)

// real is the running kernel, in a namespace of its own, with ipvsadm as its oracle.
type real struct {
	*kernel.Kernel
	t  testing.TB
	ns string
}

// String is what ipvsadm says.
func (r real) String() string {
	return run(r.t, "", "ip", "netns", "exec", r.ns, "ipvsadm", "-Sn")
}

func run(t testing.TB, stdin string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// needsIPVS skips what cannot run on this kernel.
func needsIPVS(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	k, err := kernel.Open(kernel.Options{Modprobe: true})
	if err != nil {
		t.Skipf("needs IPVS: %v", err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
}

// namespace makes a network namespace with lo up and the interfaces of the conformance suite.
func namespace(t testing.TB) string {
	t.Helper()
	ns := freshNamespace(t)
	var b strings.Builder
	b.WriteString("link set lo up\n")
	for n, i := range kerneltest.Interfaces {
		fmt.Fprintf(&b, "link add %s mtu %d type dummy\n", i.Name, i.MTU)
		if i.IPv4 {
			fmt.Fprintf(&b, "addr add 10.77.%d.1/24 dev %s\n", n, i.Name)
		}
		if i.Up {
			fmt.Fprintf(&b, "link set %s up\n", i.Name)
		}
		if i.IPv6 {
			fmt.Fprintf(&b, "addr add fd77:%d::1/64 dev %s nodad\n", n, i.Name)
		}
		if i.Up && !i.IPv6 {
			fmt.Fprintf(&b, "addr flush dev %s scope link\n", i.Name) // the link-local address that came with up
		}
	}
	run(t, b.String(), "ip", "-n", ns, "-batch", "-")
	return ns
}

// freshNamespace is as Linux makes it: even lo is down.
func freshNamespace(t testing.TB) string {
	t.Helper()
	ns := fmt.Sprintf("kernel-test-%d-%d", os.Getpid(), counter)
	counter++
	run(t, "", "ip", "netns", "add", ns)
	t.Cleanup(func() { run(t, "", "ip", "netns", "del", ns) })
	return ns
}

var counter int

func open(t testing.TB) real {
	t.Helper()
	needsIPVS(t)
	ns := namespace(t)
	k, err := kernel.Open(kernel.Options{Namespace: ns, Modprobe: true})
	if err != nil {
		t.Fatal(err)
	}
	return real{k, t, ns}
}

func TestKernelConforms(t *testing.T) {
	needsIPVS(t)
	kerneltest.Conformance(t, func(t *testing.T) kerneltest.Subject { return open(t) })
}

// inNamespace runs f on a thread that is in the namespace, and ends with it.
func inNamespace(t *testing.T, ns string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		h, err := netns.GetFromName(ns)
		if err == nil {
			err = netns.Set(h)
		}
		if err != nil {
			t.Error(err)
			return
		}
		f()
	}()
	<-done
}
