package kernel_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel"
)

func (c *cable) global(p string) kernel.InterfaceAddress {
	return kernel.InterfaceAddress{IfIndex: c.Index, Prefix: prefix(p), Scope: "global"}
}

func allNil(t testing.TB, errs []error) {
	t.Helper()
	for i, err := range errs {
		if err != nil {
			t.Errorf("%d of %d: %v", i, len(errs), err)
		}
	}
}

// shown are the lines of iproute2 with the text.
func shown(t testing.TB, text string, args ...string) string {
	t.Helper()
	for line := range strings.Lines(run(t, "", "ip", args...)) {
		if strings.Contains(line, text) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

func TestAddressIsAsAsked(t *testing.T) {
	c := newCable(t)
	full := c.global("192.0.2.10/24")
	full.Label, full.Scope, full.Broadcast = "eth0:vip", "link", addr("192.0.2.255")
	allNil(t, c.AddAddresses([]kernel.InterfaceAddress{full, c.global("198.51.100.10/24"), c.global("fd00::10/64"), c.global("fd00::11/128")}))
	for text, want := range map[string]string{
		"192.0.2.10":    "inet 192.0.2.10/24 brd 192.0.2.255 scope link eth0:vip",
		"198.51.100.10": "inet 198.51.100.10/24 scope global eth0", // no broadcast address by itself
		"fd00::10":      "inet6 fd00::10/64 scope global nodad",
		"fd00::11":      "inet6 fd00::11/128 scope global nodad deprecated",
	} {
		if got := shown(t, text, "addr", "show", "eth0"); got != want {
			t.Errorf("iproute2 shows %q, want %q", got, want)
		}
	}
	live, err := c.Addresses(c.Index)
	check(t, err)
	if want := (kernel.LiveAddress{InterfaceAddress: full, Proto: kernel.ProtoVRRP}); live[0] != want {
		t.Errorf("read back %+v, want %+v", live[0], want)
	}
	for _, a := range live[2:] {
		if a.Tentative {
			t.Errorf("%s is tentative: a new master could not use it", a.Prefix)
		}
	}
}

func TestAddressErrorsFindTheirAddress(t *testing.T) {
	c := newCable(t)
	ip(t, "addr add 10.1.2.3/16 dev eth0")
	as := make([]kernel.InterfaceAddress, 600) // three system calls
	for i := range as {
		as[i] = c.global(fmt.Sprintf("10.1.%d.%d/16", i/250, 1+i%250))
	}
	taken := 2*250 + 2
	as[7].Label = "a label of more than 15 bytes"
	as[300].Scope = "galaxy"
	as[599].IfIndex = 4711
	for i, err := range c.AddAddresses(as) {
		switch want, special := map[int]error{taken: unix.EEXIST, 7: unix.ERANGE, 599: unix.ENODEV}[i]; {
		case special && !errors.Is(err, want):
			t.Errorf("%s: %v, want %v", as[i].Prefix, err, want)
		case i == 300 && (err == nil || !strings.Contains(err.Error(), `add address 10.1.1.51/16: scope "galaxy"`)):
			t.Errorf("a scope that is none: %v", err)
		case !special && i != 300 && err != nil:
			t.Errorf("%s: %v", as[i].Prefix, err)
		}
	}
	live, err := c.Addresses(c.Index)
	if n := len(live); err != nil || n != 600-4+2 {
		t.Errorf("%d addresses, %v; want 596, the one before and the link-local", n, err)
	}
}

func TestAddressesGo(t *testing.T) {
	c := newCable(t)
	as := []kernel.InterfaceAddress{c.global("10.1.0.1/16"), c.global("10.1.0.2/16"), c.global("fd00::1/128"), c.global("10.1.0.3/16")}
	allNil(t, c.AddAddresses(as))
	// The first is the primary of the others; the kernel takes those along when it goes first.
	allNil(t, c.DelAddresses(as))
	for i, err := range c.DelAddresses(as) {
		if !errors.Is(err, unix.EADDRNOTAVAIL) || !strings.Contains(err.Error(), as[i].Prefix.String()) {
			t.Errorf("removed twice: %v", err)
		}
	}
}

func TestOthersAddressesSurviveOurs(t *testing.T) {
	c := newCable(t)
	check(t, kernel.PromoteSecondaries("eth0"))
	ours := []kernel.InterfaceAddress{c.global("10.1.0.1/16")}
	allNil(t, c.AddAddresses(ours))
	ip(t, "addr add 10.1.0.2/16 dev eth0") // a secondary of ours
	allNil(t, c.DelAddresses(ours))
	if primary, err := c.PrimaryIPv4(c.Index); err != nil || primary != addr("10.1.0.2") {
		t.Errorf("the other's address after ours went: %s, %v", primary, err)
	}
}

func TestOwnSourceIsNoVirtualAddress(t *testing.T) {
	c := newCable(t)
	if a, err := c.PrimaryIPv4(c.Index); err != nil || a.IsValid() {
		t.Errorf("an interface without address has %s, %v", a, err)
	}
	allNil(t, c.AddAddresses([]kernel.InterfaceAddress{c.global("10.1.0.9/16"), c.global("fe80::1/64")}))
	if a, err := c.PrimaryIPv4(c.Index); err != nil || a.IsValid() {
		t.Errorf("an interface with a virtual address alone has %s, %v", a, err)
	}
	ip(t, "addr add 10.1.0.1/16 dev eth0", "addr add 10.1.0.2/16 dev eth0")
	for want, source := range map[string]func(int) (netip.Addr, error){"10.1.0.1": c.PrimaryIPv4, "fe80::ff:fe00:1": c.LinkLocal} {
		if got, err := source(c.Index); err != nil || got != addr(want) {
			t.Errorf("the source is %s, %v; want %s", got, err, want)
		}
	}
}

func TestAddressesNeedTheirInterface(t *testing.T) {
	c := newCable(t)
	if _, err := c.Addresses(4711); !errors.Is(err, unix.ENODEV) {
		t.Errorf("a missing interface: %v", err)
	}
	all, err := c.Addresses(0)
	if err != nil || len(all) != 3 { // 127.0.0.1, ::1, fe80
		t.Errorf("all addresses: %+v, %v", all, err)
	}
}
