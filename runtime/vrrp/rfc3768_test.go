package vrrp_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
)

func TestW01_IPv4Only(t *testing.T) {
	a := advert2()
	a.Addrs = []netip.Addr{addr("fe80::1")}
	if a.Check() == nil {
		t.Error("version 2 with IPv6 passes the check")
	}
	a.Version, a.Addrs = 1, []netip.Addr{addr("10.0.0.1")}
	if a.Check() == nil {
		t.Error("version 1 passes the check")
	}
}

func TestW02_OtherIntervalIsDropped(t *testing.T) {
	r := two()
	r.want.Interval = 2 * second
	r.is(t, vrrp.WrongInterval)
}

func TestW03_AuthenticationType(t *testing.T) {
	r := two()
	r.want.AuthType = vrrp.AuthPass
	r.is(t, vrrp.WrongAuthType)
	pass := of(withPass(advert2(), "codis79"), from4())
	pass.want.AuthType, pass.want.Auth = vrrp.AuthNone, [8]byte{}
	pass.is(t, vrrp.WrongAuthType)
	two().spoil(4, 2).is(t, vrrp.WrongAuthType)
	two().spoil(19, 'x').is(t, vrrp.Accepted) // type 0: the data is ignored
	for i, b := range encode(advert2(), ownAddr, groupFour)[12:] {
		if b != 0 {
			t.Errorf("byte %d of the data of type 0 is %#x", i, b)
		}
	}
}

func TestW04_SkewIsIndependentOfTheInterval(t *testing.T) {
	r := backup(t, usual(version2, func(c *vrrp.Config) { c.Interval = 10 * second }))
	r.due(30*second + skewOf(100, second))
	r.does(5*second, heardEvery(highAddr, 0, 10*second))
	r.due(5*second + skewOf(100, second))
}

func TestW05_TrailerCountsInLengthAndChecksum(t *testing.T) {
	if got := len(encode(advert2(), ownAddr, groupFour)); got != 8+4+8 {
		t.Errorf("%d bytes", got)
	}
	r := of(withPass(advert2(), "codis79"), from4())
	r.msg = func(b []byte) []byte { return sealed(b[:12]) }
	r.is(t, vrrp.Truncated)
	r.msg = func(b []byte) []byte { b[12]++; return b }
	r.is(t, vrrp.WrongChecksum)
}

func TestW06_OtherAddressesAreNotDropped(t *testing.T) {
	r := two()
	r.want.Addrs, r.notes = []netip.Addr{addr("10.0.1.6")}, vrrp.AddressesDiffer
	r.is(t, vrrp.Accepted)
}

func TestW07_ActiveAnswersALowerPriority(t *testing.T) {
	r := active10(t, usual(version2))
	r.does(12*second, heard(highAddr, 99), "send 100", "announce lower priority x5", lowerBeaten)
}

func TestW08_WholeSeconds(t *testing.T) {
	for _, span := range []time.Duration{0, 500 * ms, 1500 * ms, 256 * second} {
		a := advert2()
		a.Interval = span
		if a.Check() == nil {
			t.Errorf("%s passes the check", span)
		}
	}
}

func TestW05_ChecksumHasNoPseudoHeader(t *testing.T) {
	r := two()
	r.msg = func(b []byte) []byte {
		src, dst := highAddr.As4(), groupFour.As4()
		sum := sealed(append(b, append(append(src[:], dst[:]...), 0, 112, 0, 20)...))
		return append(b[:6:6], append(sum[6:8:8], b[8:20]...)...)
	}
	r.is(t, vrrp.WrongChecksum)
}
