package vrrp_test

import (
	"slices"
	"testing"

	"github.com/lbsync/lbsync/runtime/vrrp"
)

// FuzzParseAdvert: no message makes it panic, and what it accepts is what AppendAdvert makes of the result, but for what a receiver
// has to ignore (V08, W03).
func FuzzParseAdvert(f *testing.F) {
	for _, v := range vectors {
		msg := encode(&v.advert, v.src, v.dst)
		f.Add(msg, v.advert.Version == 2, v.src.Is6(), v.advert.AuthType == vrrp.AuthPass)
	}
	f.Add([]byte{0x31, 51, 100, 255, 0, 100, 0, 0}, false, false, false)
	f.Fuzz(func(t *testing.T, msg []byte, two, six, pass bool) {
		want := vrrp.Expect{Version: 3, IPv6: six, Source: ownAddr, Interval: second}
		if two {
			want.Version, want.IPv6 = 2, false
		}
		if len(msg) > 19 && pass {
			want.AuthType = vrrp.AuthPass
			copy(want.Auth[:], msg[len(msg)-8:])
		}
		if id, ok := vrrp.RouterOf(msg); ok {
			want.RouterID = id
		}
		from := from4()
		if want.IPv6 {
			from = from6()
		}
		roundTrip(t, msg, from, &want)
	})
}

func roundTrip(t *testing.T, msg []byte, from vrrp.Origin, want *vrrp.Expect) {
	var first, second vrrp.Advert
	if r := vrrp.ParseAdvert(&first, msg, from, want); r != vrrp.Accepted {
		if r.String() == "" {
			t.Errorf("reason %d has no name", r)
		}
		return
	}
	again := vrrp.AppendAdvert(nil, &first, from.Src, from.Dst)
	if r := vrrp.ParseAdvert(&second, again, from, want); r != vrrp.Accepted || !same(&first, &second) {
		t.Fatalf("% x is %+v, and % x is %+v (%s)", msg, first, again, second, r)
	}
	ignored := first.Version == 3 && msg[4]>>4 != 0 || first.Version == 2 && first.AuthType == vrrp.AuthNone
	if !ignored && len(again) == len(msg) && !slices.Equal(again[8:], msg[8:]) {
		t.Fatalf("% x became % x", msg, again)
	}
}
