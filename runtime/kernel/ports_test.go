package kernel_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// What the engine put on an interface is no address of the host's own: it would make an owner of every master.
func TestPorts(t *testing.T) {
	c := newCable(t)
	ip(t, "addr add 192.0.2.11/24 dev eth0", "link add idle0 type veth peer name idle1")
	allNil(t, c.AddAddresses([]kernel.InterfaceAddress{c.global("192.0.2.100/24"), c.global("fd00::100/64")}))
	got, err := kernel.Ports()
	check(t, err)
	want := map[string]spec.PortFact{
		"lo":    {Up: true, Prefixes: []netip.Prefix{prefix("127.0.0.1/8"), prefix("::1/128")}},
		"eth0":  {Up: true, Prefixes: []netip.Prefix{prefix("192.0.2.11/24"), prefix("fe80::ff:fe00:1/64")}},
		"far":   {Up: true},
		"idle0": {},
		"idle1": {},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
