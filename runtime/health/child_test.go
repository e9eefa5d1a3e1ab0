package health

import (
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// inNamespace runs a test once more in a process and a network namespace of its own, which it may spoil; true: this is it. There lo
// is up, and dust is an interface on which everything is lost.
func inNamespace(t *testing.T) bool {
	t.Helper()
	const mark = "LBSYNC_TEST_CHILD"
	if os.Getenv(mark) == t.Name() {
		prepareNamespace(t)
		return true
	}
	if os.Getuid() != 0 {
		t.Skip("needs root: network namespaces")
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), mark+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("in a namespace of its own: %v\n%s", err, out)
	}
	return false
}

func prepareNamespace(t *testing.T) {
	t.Helper()
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	dust := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "dust"}, PeerName: "dustbin"}
	if err := netlink.LinkAdd(dust); err != nil {
		t.Fatal(err)
	}
	bin, err := netlink.LinkByName("dustbin")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []netlink.Link{lo, dust, bin} {
		if err := netlink.LinkSetUp(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := netlink.LinkSetARPOff(dust); err != nil {
		t.Fatal(err)
	}
	addr, err := netlink.ParseAddr("198.51.100.1/24")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.AddrAdd(dust, addr); err != nil {
		t.Fatal(err)
	}
}

func sysctl(t *testing.T, name, value string) {
	t.Helper()
	if err := os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0o644); err != nil {
		t.Fatal(err)
	}
}

// at is an address in a namespace of the test's own, where no port is taken.
func at(addr string) net.Addr {
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		panic(err)
	}
	return a
}
