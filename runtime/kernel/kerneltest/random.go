package kerneltest

import (
	"fmt"
	"net/netip"

	"pgregory.net/rapid"

	"github.com/lbsync/lbsync/spec"
)

// randomPart leads the kernel through random states; each must read back as it was applied.
func randomPart(r *rig) {
	rapid.Check(r.T, func(t *rapid.T) {
		want := States().Draw(t, "state")
		for i, err := range r.apply(Changes(r.last, want)...) {
			if err != nil {
				t.Fatalf("change %d: %v", i, err)
			}
		}
		if d := Diff(owned(want), owned(r.last)); d != "" {
			t.Fatalf("(-want +observed):\n%s", d)
		}
	})
}

// States are random states that any kernel holds: a handful of services, so that one state meets the objects of another.
func States() *rapid.Generator[spec.State] {
	return rapid.Custom(func(t *rapid.T) spec.State {
		var st spec.State
		for _, k := range rapid.SliceOfNDistinct(serviceKeys(), 0, 6, rapid.ID).Draw(t, "services") {
			st.Services = append(st.Services, spec.Row[spec.ServiceKey, spec.Service]{Key: k, Value: randomService(t, k)})
			for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(1, 9), 0, 4, rapid.ID).Draw(t, "real servers") {
				st.Dests = append(st.Dests, randomDest(t, k, n))
			}
		}
		st.Services.Sort()
		st.Dests.Sort()
		return st
	})
}

func serviceKeys() *rapid.Generator[spec.ServiceKey] {
	return rapid.Custom(func(t *rapid.T) spec.ServiceKey {
		f := rapid.SampledFrom([]spec.Family{spec.IPv4, spec.IPv6}).Draw(t, "family")
		n := rapid.Uint32Range(1, 4).Draw(t, "number")
		if rapid.Bool().Draw(t, "mark") {
			return spec.MarkService(n, f)
		}
		a := fmt.Sprintf("192.0.2.%d", n)
		if f == spec.IPv6 {
			a = fmt.Sprintf("2001:db8::%d", n)
		}
		p := rapid.SampledFrom([]spec.Proto{spec.TCP, spec.UDP, spec.SCTP}).Draw(t, "protocol")
		return spec.AddrService(p, netip.AddrPortFrom(netip.MustParseAddr(a), uint16(rapid.IntRange(0, 3).Draw(t, "port"))))
	})
}

func randomService(t *rapid.T, k spec.ServiceKey) spec.Service {
	s := spec.Service{
		Scheduler: rapid.SampledFrom([]string{"rr", "wrr", "wlc", "sh", "mh"}).Draw(t, "scheduler"),
		Flags:     spec.ServiceFlags(rapid.Uint32Range(0, 15).Draw(t, "flags") << 2),
	}
	if rapid.Bool().Draw(t, "persistent") {
		s.Persistence = rapid.Uint32Range(1, 1<<20).Draw(t, "persistence")
		s.Netmask = uint8(rapid.IntRange(1, map[spec.Family]int{spec.IPv4: 32, spec.IPv6: 128}[k.Family]).Draw(t, "prefix"))
		if k.Proto == spec.UDP && rapid.Bool().Draw(t, "engine") {
			s.Engine = "sip"
		}
	}
	return s
}

func randomDest(t *rapid.T, k spec.ServiceKey, n int) spec.Row[spec.DestKey, spec.Dest] {
	d := spec.Dest{
		Weight:  rapid.Int32Range(0, 1<<31-1).Draw(t, "weight"),
		Forward: spec.Forward(rapid.IntRange(0, 3).Draw(t, "forwarding")),
		Upper:   rapid.Uint32Range(0, 1<<31-1).Draw(t, "upper"),
	}
	d.Lower = rapid.Uint32Range(0, d.Upper).Draw(t, "lower")
	f := k.Family
	if d.Forward == spec.Tun {
		f = rapid.SampledFrom([]spec.Family{spec.IPv4, spec.IPv6}).Draw(t, "family of real server")
		d.Tunnel.Type = spec.TunnelType(rapid.IntRange(0, 2).Draw(t, "tunnel"))
		d.Tunnel.Checksum = spec.TunnelSum(rapid.IntRange(0, 2).Draw(t, "checksum"))
	}
	if d.Tunnel.Type == spec.GUE {
		d.Tunnel.Port = rapid.Uint16Range(1, 65535).Draw(t, "tunnel port")
	}
	a := fmt.Sprintf("198.51.100.%d", n)
	if f == spec.IPv6 {
		a = fmt.Sprintf("2001:db8:1::%d", n)
	}
	key := spec.DestKey{Service: k, Addr: netip.AddrPortFrom(netip.MustParseAddr(a), k.Addr.Port())}
	return spec.Row[spec.DestKey, spec.Dest]{Key: key, Value: d}
}
