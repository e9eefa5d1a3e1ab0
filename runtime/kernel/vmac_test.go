package kernel_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

func TestVirtualMAC(t *testing.T) {
	for family, want := range map[spec.Family]string{spec.IPv4: "00:00:5e:00:01:4f", spec.IPv6: "00:00:5e:00:02:4f"} {
		if got := kernel.VirtualMAC(79, family).String(); got != want {
			t.Errorf("%s: %s, want %s", family, got, want)
		}
	}
}

func (c *cable) vmac(family spec.Family) kernel.Link {
	c.t.Helper()
	v, err := c.MakeVMAC("eth0", 79, family)
	check(c.t, err)
	return v
}

func TestMakeVMAC(t *testing.T) {
	c := newCable(t)
	writeProc(t, "net/ipv4/conf/all/rp_filter", "0")
	v := c.vmac(spec.IPv4)
	want := kernel.Link{Index: v.Index, Name: kernel.VMACName(c.Link, 79, spec.IPv4), MAC: kernel.VirtualMAC(79, spec.IPv4), MTU: 1500, Parent: c.Index}
	if v != want {
		t.Errorf("made %+v, want %+v", v, want)
	}
	if again := c.vmac(spec.IPv4); again != want {
		t.Errorf("made again: %+v", again)
	}
	for path, value := range map[string]string{
		"ipv4/conf/" + v.Name + "/arp_ignore": "1", "ipv4/conf/" + v.Name + "/arp_announce": "2", "ipv4/conf/" + v.Name + "/rp_filter": "0",
		"ipv4/conf/eth0/arp_ignore": "1", "ipv4/conf/eth0/arp_announce": "2", "ipv4/conf/eth0/rp_filter": "0",
		"ipv4/conf/" + v.Name + "/promote_secondaries": "1", "ipv6/conf/" + v.Name + "/disable_ipv6": "1",
	} {
		if got := readProc(t, "net/"+path); got != value {
			t.Errorf("%s is %s, want %s (K13)", path, got, value)
		}
	}
	if link := shown(t, "macvlan", "-d", "link", "show", v.Name); !strings.Contains(link, "mode private") {
		t.Errorf("iproute2 shows %q", link)
	}
	check(t, c.RemoveVMAC("eth0", 79, spec.IPv4))
	check(t, c.RemoveVMAC("eth0", 79, spec.IPv4))
	check(t, c.RemoveVMAC("none0", 79, spec.IPv4))
	if _, err := c.Links.Link(v.Name); !errors.Is(err, unix.ENODEV) {
		t.Errorf("removed, it is still there: %v", err)
	}
}

// V61, V62: no address is derived from the virtual MAC, and routers are neither asked nor heard.
func TestVMACOfIPv6GetsNothingByItself(t *testing.T) {
	c := newCable(t)
	v := c.vmac(spec.IPv6)
	for key, want := range map[string]string{"addr_gen_mode": "1", "accept_ra": "0", "autoconf": "0", "router_solicitations": "0", "disable_ipv6": "0"} {
		if got := readProc(t, "net/ipv6/conf/"+v.Name+"/"+key); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
}

func TestVMACWhereFiltersAreStrict(t *testing.T) {
	c := newCable(t)
	writeProc(t, "net/ipv4/conf/all/rp_filter", "1")
	v := c.vmac(spec.IPv4)
	if got := readProc(t, "net/ipv4/conf/"+v.Name+"/rp_filter"); got != "2" {
		t.Errorf("rp_filter is %s: with 1 for all interfaces only 2 is not strict", got)
	}
}

func TestVMACIsNotTakenFromOthers(t *testing.T) {
	c := newCable(t)
	name := kernel.VMACName(c.Link, 79, spec.IPv4)
	ip(t, "link add "+name+" type veth peer name other")
	if _, err := c.MakeVMAC("eth0", 79, spec.IPv4); err == nil || !strings.Contains(err.Error(), "is not ours") {
		t.Errorf("an interface of somebody else: %v", err)
	}
	check(t, c.RemoveVMAC("eth0", 79, spec.IPv4))
	mustLink(t, c.Links, name)
}

// TestV06AdvertsFromTheVMAC: the Ethernet source is the virtual MAC, the IP source is that of the parent.
func TestV06AdvertsFromTheVMAC(t *testing.T) {
	c := newCable(t)
	ip(t, "addr add 10.0.0.1/24 dev eth0")
	for family, p := range map[spec.Family]kernel.AdvertPacket{
		spec.IPv4: {Payload: []byte{0x31, 1}, Src: addr("10.0.0.1"), Dst: group4},
		spec.IPv6: {Payload: []byte{0x31, 2}, Src: addr("fe80::ff:fe00:1"), Dst: group6},
	} {
		v := c.vmac(family)
		s := c.socket(kernel.AdvertOptions{Interface: v.Name, Family: family, AnySource: true})
		if n, err := s.Send([]kernel.AdvertPacket{p}); n != 0 || err == nil {
			t.Errorf("V55: a backup's virtual MAC sends: %d, %v", n, err)
		}
		check(t, c.SetUp(v.Index, true))
		if n, err := s.Send([]kernel.AdvertPacket{p}); n != 1 || err != nil {
			t.Fatalf("sent %d, %v", n, err)
		}
		frame := c.next(6, v.MAC[:]...)
		for frame[14+9] != proto && frame[14+6] != proto { // IPv6 tells routers of its groups before
			frame = c.next(6, v.MAC[:]...)
		}
		if src := p.Src.AsSlice(); !bytes.Contains(frame[14:], src) || !bytes.HasSuffix(frame, p.Payload) {
			t.Errorf("on the wire %x, want the source %x", frame, src)
		}
	}
}

// TestV56OnlyTheVMACAnswers: one answer to an ARP request for a virtual address, with the virtual MAC; none while backup.
func TestV56OnlyTheVMACAnswers(t *testing.T) {
	c := newCable(t)
	ip(t, "addr add 10.0.0.1/24 dev eth0")
	v := c.vmac(spec.IPv4)
	vip := kernel.InterfaceAddress{IfIndex: v.Index, Prefix: prefix("10.0.0.80/24"), Scope: "global"}
	ask := func(last byte) []byte {
		return slices.Concat([]byte{255, 255, 255, 255, 255, 255}, farMAC[:], []byte{8, 6, 0, 1, 8, 0, 6, 4, 0, 1},
			farMAC[:], []byte{10, 0, 0, 9, 0, 0, 0, 0, 0, 0, 10, 0, 0, last})
	}
	answer := func() (mac string, of byte) {
		f := c.next(12, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2)
		return kernel.MAC(f[6:12]).String(), f[31]
	}
	c.inject(ask(80))
	c.inject(ask(1))
	if mac, of := answer(); of != 1 || mac != nearMAC.String() {
		t.Errorf("V55: while backup %s answers for .%d", mac, of)
	}
	check(t, c.SetUp(v.Index, true))
	allNil(t, c.AddAddresses([]kernel.InterfaceAddress{vip}))
	// The parent gets the request first: the macvlan's copy goes through a work queue.
	c.inject(ask(80))
	if mac, of := answer(); of != 80 || mac != v.MAC.String() {
		t.Errorf("%s answers for .%d, want %s for .80", mac, of, v.MAC)
	}
}
