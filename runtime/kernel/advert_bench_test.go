package kernel_test

import (
	"fmt"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// quiet closes the far end's socket, so that no copy is made of what is measured.
func (c *cable) quiet() { check(c.t, unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 0)) }

func BenchmarkAdvertSend(b *testing.B) {
	c := newCable(b)
	c.quiet()
	ip(b, "addr add 10.0.0.1/24 dev eth0")
	for _, family := range []spec.Family{spec.IPv4, spec.IPv6} {
		p := kernel.AdvertPacket{Payload: make([]byte, 16), Src: addr("10.0.0.1"), Dst: group4}
		if family == spec.IPv6 {
			p = kernel.AdvertPacket{Payload: make([]byte, 24), Src: addr("fe80::ff:fe00:1"), Dst: group6}
		}
		s := c.socket(kernel.AdvertOptions{Interface: "eth0", Family: family})
		for _, size := range []int{1, 10, 64} {
			batch := make([]kernel.AdvertPacket, size)
			for i := range batch {
				batch[i] = p
			}
			b.Run(fmt.Sprintf("%s/batch=%d", family, size), func(b *testing.B) {
				b.ReportAllocs()
				for n := 0; n < b.N; n += size {
					if _, err := s.Send(batch); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// The time to receive alone: what is received is sent before, in rounds, off the clock.
func BenchmarkAdvertReceive(b *testing.B) {
	c := newCable(b)
	ip(b, "addr add 10.0.0.1/24 dev eth0")
	for family, frame := range map[spec.Family][]byte{
		spec.IPv4: packet4(255, addr("10.0.0.2"), group4, nil, make([]byte, 16)),
		spec.IPv6: packet6(255, addr("fe80::2"), group6, make([]byte, 24)),
	} {
		group := group4
		if family == spec.IPv6 {
			group = group6
		}
		s := c.socket(kernel.AdvertOptions{Interface: "eth0", Family: family, Groups: []netip.Addr{group}})
		for _, size := range []int{1, 64} {
			in := make([]kernel.AdvertDatagram, size)
			b.Run(fmt.Sprintf("%s/batch=%d", family, size), func(b *testing.B) {
				b.ReportAllocs()
				for n := 0; n < b.N; {
					b.StopTimer()
					const round = 1024
					for range min(round, b.N-n) {
						c.inject(frame)
					}
					b.StartTimer()
					for left := min(round, b.N-n); left > 0; {
						got, err := s.Receive(in)
						if err != nil {
							b.Fatal(err)
						}
						left -= got
						n += got
					}
				}
			})
		}
	}
}

// fresh is an interface that never had an address: one that had remembers the multicast groups of IPv6 for a while, and is slower.
func (c *cable) fresh() kernel.Link {
	ip(c.t, "link add eth1 type veth peer name far1", "link set far1 up", "link set eth1 up")
	return mustLink(c.t, c.Links, "eth1")
}

func thousand(ifindex int, format string) []kernel.InterfaceAddress {
	as := make([]kernel.InterfaceAddress, 1000)
	for i := range as {
		as[i] = kernel.InterfaceAddress{IfIndex: ifindex, Prefix: prefix(fmt.Sprintf(format, i/250, 1+i%250)), Scope: "global"}
	}
	return as
}

func BenchmarkAddresses1000(b *testing.B) {
	for family, format := range map[spec.Family]string{spec.IPv4: "10.1.%d.%d/32", spec.IPv6: "2001:db8::%x:%x/128"} {
		for _, adding := range []bool{true, false} {
			b.Run(fmt.Sprintf("%s/adding=%t", family, adding), func(b *testing.B) {
				c := newCable(b) // here: a sub-benchmark runs on a thread of its own
				b.StopTimer()
				for range b.N {
					c.once(b, format, adding)
				}
			})
		}
	}
}

// once adds and removes 1,000 addresses; the clock runs for one of the two.
func (c *cable) once(b *testing.B, format string, adding bool) {
	as := thousand(c.fresh().Index, format)
	if adding {
		b.StartTimer()
	}
	errs := c.AddAddresses(as)
	b.StopTimer()
	allNil(b, errs)
	if !adding {
		b.StartTimer()
		errs = c.DelAddresses(as)
		b.StopTimer()
		allNil(b, errs)
	}
	ip(b, "link del eth1")
}

func BenchmarkAddressesRead1000(b *testing.B) {
	c := newCable(b)
	allNil(b, c.AddAddresses(thousand(c.Index, "10.1.%d.%d/32")))
	for range b.N {
		if all, err := c.Addresses(c.Index); len(all) < 1000 || err != nil {
			b.Fatal(len(all), err)
		}
	}
}

func BenchmarkBurst1000(b *testing.B) {
	c := newCable(b)
	c.quiet()
	a, frames := announcer(b), garps(b, c.Index, 1000)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if n, err := a.Burst(frames); n != 1000 || err != nil {
			b.Fatal(n, err)
		}
	}
}
