package vrrp_test

import (
	"net/netip"
	"testing"

	"github.com/lbsync/lbsync/runtime/vrrp"
)

// reception is one packet and what becomes of it.
type reception struct {
	advert *vrrp.Advert
	from   vrrp.Origin
	want   *vrrp.Expect
	msg    func([]byte) []byte // spoils the message
	notes  vrrp.Notes
}

func four() *reception { return of(advert4(), from4()) }
func six() *reception  { return of(advert6(), from6()) }
func two() *reception  { return of(advert2(), from4()) }

func of(a *vrrp.Advert, o vrrp.Origin) *reception {
	return &reception{advert: a, from: o, want: expect(a), msg: func(b []byte) []byte { return b }}
}

func (r *reception) is(t *testing.T, reason vrrp.Reason) {
	t.Helper()
	var into vrrp.Advert
	msg := r.msg(encode(r.advert, r.from.Src, r.from.Dst))
	if got := vrrp.ParseAdvert(&into, msg, r.from, r.want); got != reason {
		t.Errorf("% x from %+v: %s, want %s", msg, r.from, got, reason)
	} else if reason == vrrp.Accepted && into.Notes != r.notes {
		t.Errorf("notes %b, want %b", into.Notes, r.notes)
	}
}

// spoil sets a byte and seals the message again.
func (r *reception) spoil(at int, b byte) *reception {
	r.msg = func(msg []byte) []byte { msg[at] = b; return sealed(msg) }
	return r
}

func TestReceive_Accepted(t *testing.T) {
	four().is(t, vrrp.Accepted)
	six().is(t, vrrp.Accepted)
	two().is(t, vrrp.Accepted)
}

func TestV18_OwnPacketsAreDropped(t *testing.T) {
	r := four()
	r.from.Src = ownAddr
	r.is(t, vrrp.Looped)
	s := six()
	s.want.Source, s.from.Src = fe80, netip.MustParseAddr(fe80.String()+"%eth0")
	s.is(t, vrrp.Looped)
}

func TestV19_TTL(t *testing.T) {
	for _, ttl := range []uint8{0, 1, 64, 254} {
		r := four()
		r.from.TTL = ttl
		r.want.TTLMin, r.want.TTLMax = 1, 255 // counts for unicast only
		r.is(t, vrrp.WrongTTL)
	}
	s := six()
	s.from.TTL = 254
	s.is(t, vrrp.WrongTTL)
}

func TestV20_Version(t *testing.T) {
	r := four()
	r.want.Version = 2
	r.is(t, vrrp.WrongVersion)
	s := two()
	s.want.Version = 3
	s.is(t, vrrp.WrongVersion)
	four().spoil(0, 0x41).is(t, vrrp.WrongVersion)
}

func TestV21_Type(t *testing.T) {
	four().spoil(0, 0x32).is(t, vrrp.WrongType)
	four().spoil(0, 0x30).is(t, vrrp.WrongType)
}

func TestV22_Truncated(t *testing.T) {
	for cut := 1; cut <= 16; cut++ {
		r := four()
		r.msg = func(b []byte) []byte { return b[:len(b)-cut] }
		if cut <= 8 {
			r.is(t, vrrp.Truncated)
		} else {
			r.is(t, vrrp.TooShort)
		}
	}
	four().spoil(3, 3).is(t, vrrp.Truncated)
}

func TestV23_TooLong(t *testing.T) {
	r := four()
	r.msg = func(b []byte) []byte { return sealed(append(b, 0)) }
	r.is(t, vrrp.TooLong)
	four().spoil(3, 1).is(t, vrrp.TooLong)
}

func TestV24_Checksum(t *testing.T) {
	for _, r := range []*reception{four(), six(), two()} {
		r.msg = func(b []byte) []byte { b[2]++; return b }
		r.is(t, vrrp.WrongChecksum)
	}
}

func TestV25_RouterID(t *testing.T) {
	four().spoil(1, 52).is(t, vrrp.UnknownRouter)
	if id, ok := vrrp.RouterOf(encode(advert4(), ownAddr, groupFour)); id != 51 || !ok {
		t.Errorf("router id %d, %v", id, ok)
	}
	if _, ok := vrrp.RouterOf(make([]byte, 7)); ok {
		t.Error("7 bytes have a router id")
	}
}

func TestV26_NoAddresses(t *testing.T) {
	r := four()
	r.msg = func(b []byte) []byte { b[3] = 0; return sealed(b[:8]) }
	r.is(t, vrrp.NoAddresses)
}

func TestV27_NoInterval(t *testing.T) {
	r := four()
	r.msg = func(b []byte) []byte { b[4], b[5] = 0xf0, 0; return sealed(b) }
	r.is(t, vrrp.NoInterval)
	two().spoil(5, 0).is(t, vrrp.NoInterval)
}

func TestV28_FirstAddressIsLinkLocal(t *testing.T) {
	r := six()
	r.advert.Addrs[0] = addr("2001:db8::9")
	r.is(t, vrrp.NotLinkLocal)
}

func TestV29_OtherIntervalIsNotDropped(t *testing.T) {
	r := four()
	r.want.Interval, r.notes = 2*second, vrrp.IntervalDiffers
	r.is(t, vrrp.Accepted)
}

func TestV30_OtherAddressesAreNotDropped(t *testing.T) {
	for _, own := range [][]netip.Addr{nil, {addr("192.0.2.1")}, {addr("192.0.2.1"), addr("192.0.2.3")}, {addr("192.0.2.2"), addr("192.0.2.3"), addr("192.0.2.1")}} {
		r := four()
		r.want.Addrs, r.notes = own, vrrp.AddressesDiffer
		r.is(t, vrrp.Accepted)
	}
	r := four()
	r.want.Addrs = []netip.Addr{addr("192.0.2.2"), addr("192.0.2.1")} // another order is no difference
	r.is(t, vrrp.Accepted)
}

func TestV31_OwnerHearsAnother(t *testing.T) {
	r := four()
	r.want.Owner, r.notes = true, vrrp.OwnerHeardOther
	r.is(t, vrrp.Accepted)
	own := newRouter(t, usual(owner))
	own.Step(0, 0, vrrp.Start())
	own.does(400*ms, heard(highAddr, 254), "send 255", "announce lower priority x5", lowerBeaten)
}

func TestV32_TwoOwners(t *testing.T) {
	r := four()
	r.advert.Priority, r.want.Owner, r.notes = 255, true, vrrp.OwnerHeardOther|vrrp.TwoOwners
	r.is(t, vrrp.Accepted)
	own := newRouter(t, usual(owner))
	own.Step(0, 0, vrrp.Start())
	own.does(1*second, heard(lowAddr, 255), "send 255", "announce lower priority x5", lowerBeaten)
	own.does(2*second, heard(highAddr, 255), "release", "Active -> Backup: "+higherAddress)
	own.due(2*second + 3*second + skewOf(255, second))
}

func TestReasonsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for r := range vrrp.Reasons {
		name := vrrp.Reason(r).String()
		if name == "" || seen[name] {
			t.Errorf("reason %d is called %q", r, name)
		}
		seen[name] = true
	}
}

func TestCheckWantsARouterID(t *testing.T) {
	a := advert4()
	if a.RouterID = 0; a.Check() == nil {
		t.Error("virtual router id 0 passes the check")
	}
}
