package vrrp_test

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

var (
	groupFour = addr("224.0.0.18")
	groupSix  = addr("ff02::12")
	fe80      = addr("fe80::5054:ff:fe12:3456")
)

func advert4() *vrrp.Advert {
	return &vrrp.Advert{Version: 3, RouterID: 51, Priority: 100, Interval: second, Addrs: []netip.Addr{addr("192.0.2.1"), addr("192.0.2.2")}}
}

func advert6() *vrrp.Advert {
	return &vrrp.Advert{Version: 3, RouterID: 51, Priority: 100, Interval: second, Addrs: []netip.Addr{addr("fe80::1"), addr("2001:db8::1")}}
}

func advert2() *vrrp.Advert {
	return &vrrp.Advert{Version: 2, RouterID: 51, Priority: 30, Interval: second, Addrs: []netip.Addr{addr("10.0.1.5")}}
}

func encode(a *vrrp.Advert, src, dst netip.Addr) []byte { return vrrp.AppendAdvert(nil, a, src, dst) }

func expect(a *vrrp.Advert) *vrrp.Expect {
	return &vrrp.Expect{Version: a.Version, RouterID: a.RouterID, IPv6: a.Addrs[0].Is6(), Interval: a.Interval, Source: ownAddr, AuthType: a.AuthType, Auth: a.Auth, Addrs: a.Addrs}
}

func from4() vrrp.Origin { return vrrp.Origin{Src: highAddr, Dst: groupFour, TTL: 255} }
func from6() vrrp.Origin { return vrrp.Origin{Src: fe80, Dst: groupSix, TTL: 255} }

// raw is hexadecimal text with spaces.
func raw(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sealed puts a right checksum over the message into it, written down a second time.
func sealed(msg []byte) []byte {
	msg = slices.Clone(msg)
	msg[6], msg[7] = 0, 0
	sum := 0
	for i := 0; i+1 < len(msg); i += 2 {
		sum += int(msg[i])<<8 | int(msg[i+1])
	}
	if len(msg)%2 == 1 {
		sum += int(msg[len(msg)-1]) << 8
	}
	sum = sum&0xffff + sum>>16
	sum = ^(sum&0xffff + sum>>16)
	msg[6], msg[7] = byte(sum>>8), byte(sum)
	return msg
}

func TestV07_VersionAndType(t *testing.T) {
	if b := encode(advert4(), ownAddr, groupFour)[0]; b != 0x31 {
		t.Errorf("first byte %#x", b)
	}
	if b := encode(advert2(), ownAddr, groupFour)[0]; b != 0x21 {
		t.Errorf("first byte of version 2 %#x", b)
	}
}

func TestV08_ReservedBits(t *testing.T) {
	a := advert4()
	a.Interval = 4095 * 10 * ms
	msg := encode(a, ownAddr, groupFour)
	if msg[4]>>4 != 0 {
		t.Errorf("reserved bits %#x are sent", msg[4]>>4)
	}
	msg[4] |= 0xf0
	var into vrrp.Advert
	if r := vrrp.ParseAdvert(&into, sealed(msg), from4(), expect(a)); r != vrrp.Accepted || into.Interval != a.Interval {
		t.Errorf("with reserved bits set: %s, interval %s", r, into.Interval)
	}
}

func TestV09_IntervalInCentiseconds(t *testing.T) {
	for span, want := range map[time.Duration]string{10 * ms: "0001", second: "0064", 40950 * ms: "0fff"} {
		a := advert4()
		a.Interval = span
		if got := hex.EncodeToString(encode(a, ownAddr, groupFour)[4:6]); got != want || a.Check() != nil {
			t.Errorf("%s is sent as %s, want %s (%v)", span, got, want, a.Check())
		}
	}
	for _, span := range []time.Duration{0, 9 * ms, 15 * ms, 40960 * ms} {
		a := advert4()
		a.Interval = span
		if a.Check() == nil {
			t.Errorf("%s passes the check", span)
		}
	}
}

func TestV10_PriorityOfOwnersAndOthers(t *testing.T) {
	own := newRouter(t, usual(owner))
	own.Step(0, 0, vrrp.Tracked(vrrp.Tally{Weight: -253}))
	if got := own.Member(0).Effective(); got != 255 {
		t.Errorf("owner advertises %d", got)
	}
	for weight, want := range map[int]uint8{-300: 1, -100: 1, -99: 1, 0: 100, 154: 254, 253: 254} {
		r := newRouter(t, usual())
		r.Step(0, 0, vrrp.Tracked(vrrp.Tally{Weight: weight}))
		if got := r.Member(0).Effective(); got != want {
			t.Errorf("weight %d gives %d, want %d", weight, got, want)
		}
	}
}

func TestV11_CountOfAddresses(t *testing.T) {
	a := advert4()
	if got := encode(a, ownAddr, groupFour)[3]; got != 2 {
		t.Errorf("count %d", got)
	}
	a.Addrs = nil
	if a.Check() == nil {
		t.Error("no address passes the check")
	}
	for len(a.Addrs) < 256 {
		a.Addrs = append(a.Addrs, addr("192.0.2.1"))
	}
	if a.Check() == nil {
		t.Error("256 addresses pass the check")
	}
}

func TestV12_LinkLocalAddressInFront(t *testing.T) {
	a := advert6()
	a.Addrs = []netip.Addr{addr("2001:db8::1"), addr("2001:db8::2"), addr("fe80::1")}
	if a.Check() == nil {
		t.Error("a list that begins with a global address passes the check")
	}
	vrrp.SortAddrs(a.Addrs)
	if err := a.Check(); err != nil || a.Addrs[0] != addr("fe80::1") {
		t.Errorf("sorted: %s, %v", a.Addrs, err)
	}
}

func TestV13_OneFamily(t *testing.T) {
	a := advert4()
	a.Addrs = append(a.Addrs, addr("2001:db8::1"))
	if a.Check() == nil {
		t.Error("both families pass the check")
	}
	mapped := advert4()
	mapped.Addrs[0] = addr("::ffff:192.0.2.1")
	if mapped.Check() == nil {
		t.Error("an IPv4-mapped address passes the check")
	}
}

func TestV14_PlainChecksum(t *testing.T) {
	msg := encode(advert4(), ownAddr, groupFour)
	if !slices.Equal(msg, sealed(msg)) {
		t.Errorf("% x, want % x", msg, sealed(msg))
	}
	a := advert4()
	a.Sum = vrrp.SumPseudo
	for sum, msg := range map[vrrp.Sum][]byte{vrrp.SumPlain: msg, vrrp.SumPseudo: encode(a, highAddr, groupFour)} {
		var into vrrp.Advert
		if r := vrrp.ParseAdvert(&into, msg, from4(), expect(a)); r != vrrp.Accepted || into.Sum != sum {
			t.Errorf("%d: %s, matched %d", sum, r, into.Sum)
		}
	}
}

// The pseudo header of IPv6: addresses, length, next header 112 (RFC 8200, section 8.1), summed here as one odd message.
func TestV15_ChecksumWithPseudoHeader(t *testing.T) {
	msg := encode(advert6(), fe80, groupSix)
	src, dst := fe80.As16(), groupSix.As16()
	all := slices.Concat(msg, src[:], dst[:], []byte{0, 0, 0, byte(len(msg)), 0, 0, 0, 112})
	if want := sealed(all)[6:8]; !slices.Equal(msg[6:8], want) {
		t.Errorf("checksum % x, want % x", msg[6:8], want)
	}
	var into vrrp.Advert
	if r := vrrp.ParseAdvert(&into, sealed(msg), from6(), expect(advert6())); r != vrrp.WrongChecksum {
		t.Errorf("plain checksum over IPv6: %s", r)
	}
}

// Vectors: the first is that of the checklist, the second was summed by hand, the others were captured from keepalived 2.2.7.
var vectors = []struct {
	name     string
	advert   vrrp.Advert
	src, dst netip.Addr
	want     string
}{
	{"version 2", *advert2(), highAddr, groupFour, "21 33 1e 01 00 01 b5 c5 0a 00 01 05 00 00 00 00 00 00 00 00"},
	{"version 3", *advert4(), highAddr, groupFour, "31 33 64 02 00 64 e6 61 c0 00 02 01 c0 00 02 02"},
	{"version 2 with password", vrrp.Advert{Version: 2, RouterID: 79, Priority: 100, Interval: second, AuthType: vrrp.AuthPass,
		Auth: [8]byte{'c', 'o', 'd', 'i', 's', '7', '9'}, Addrs: []netip.Addr{addr("192.0.2.79")}}, addr("10.9.0.1"), groupFour,
		"21 4f 64 01 01 01 43 4e c0 00 02 4f 63 6f 64 69 73 37 39 00"},
	{"version 3 with pseudo header", vrrp.Advert{Version: 3, RouterID: 80, Priority: 101, Interval: 500 * ms, Sum: vrrp.SumPseudo,
		Addrs: []netip.Addr{addr("192.0.2.80"), addr("192.0.2.81")}}, addr("10.9.0.1"), groupFour,
		"31 50 65 02 00 32 fa 3b c0 00 02 50 c0 00 02 51"},
	{"IPv6", vrrp.Advert{Version: 3, RouterID: 81, Priority: 102, Interval: second, Sum: vrrp.SumPseudo,
		Addrs: []netip.Addr{addr("fe80::81"), addr("2001:db8::81")}}, addr("fe80::f423:77ff:fe3c:69d6"), groupSix,
		"31 51 66 02 00 64 68 a7 fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 81 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 81"},
}

func TestV16_GoldenVectors(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			want := raw(t, v.want)
			if got := encode(&v.advert, v.src, v.dst); !slices.Equal(got, want) {
				t.Errorf("encoded\n% x, want\n% x", got, want)
			}
			var into vrrp.Advert
			if r := vrrp.ParseAdvert(&into, want, vrrp.Origin{Src: v.src, Dst: v.dst, TTL: 255}, expect(&v.advert)); r != vrrp.Accepted {
				t.Fatalf("parsed: %s", r)
			}
			if !same(&into, &v.advert) {
				t.Errorf("parsed %+v, want %+v", into, v.advert)
			}
		})
	}
}

func same(a, b *vrrp.Advert) bool {
	return a.Version == b.Version && a.RouterID == b.RouterID && a.Priority == b.Priority && a.Interval == b.Interval && a.Sum == b.Sum &&
		a.AuthType == b.AuthType && a.Auth == b.Auth && slices.Equal(a.Addrs, b.Addrs)
}

// The words of this message add up to 0x1ffff, which has to be folded twice.
func TestV16_CarryOfTheCarry(t *testing.T) {
	a := advert4()
	a.Addrs = []netip.Addr{addr("255.255.106.104")}
	if msg := encode(a, ownAddr, groupFour); msg[6] != 0xff || msg[7] != 0xfe {
		t.Errorf("checksum % x, want ff fe", msg[6:8])
	}
	of(a, from4()).is(t, vrrp.Accepted)
}

func TestV17_OneOrderOfAddresses(t *testing.T) {
	a := []netip.Addr{addr("10.0.0.10"), addr("10.0.0.9"), addr("9.255.0.1")}
	b := []netip.Addr{a[2], a[0], a[1]}
	vrrp.SortAddrs(a)
	vrrp.SortAddrs(b)
	if !slices.Equal(a, b) || a[0] != addr("9.255.0.1") || a[1] != addr("10.0.0.9") {
		t.Errorf("%s and %s", a, b)
	}
}

func withPass(a *vrrp.Advert, pass string) *vrrp.Advert {
	a.AuthType = vrrp.AuthPass
	copy(a.Auth[:], pass)
	return a
}
