package kernel

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lbsync/lbsync/spec"
)

type timeouts = spec.Rows[spec.TimeoutKey, spec.Seconds]

// A table that is read again is what was read, whatever it was; where both are the same it is not copied.
func TestKeptIsWhatWasRead(t *testing.T) {
	any := func(t *rapid.T, name string) timeouts {
		var out timeouts
		for _, k := range []spec.TimeoutKey{"a", "b", "c", "d", "e"} {
			if n := rapid.Uint32Range(0, 2).Draw(t, name+string(k)); n > 0 {
				out = append(out, spec.Row[spec.TimeoutKey, spec.Seconds]{Key: k, Value: spec.Seconds(n)})
			}
		}
		return out
	}
	rapid.Check(t, func(t *rapid.T) {
		last, now := any(t, "last"), any(t, "now")
		before := slices.Clone(last)
		k := kept[spec.TimeoutKey, spec.Seconds]{last: last}
		for _, r := range now {
			for k.next < len(last) && last[k.next].Key < r.Key {
				k.replace(1)
			}
			switch {
			case k.next == len(last) || last[k.next].Key != r.Key:
				k.replace(0, r)
			case last[k.next] == r:
				k.keep(1)
			default:
				k.replace(1, r)
			}
		}
		got := k.all()
		if !slices.Equal(got, now) || !slices.Equal(last, before) {
			t.Fatalf("%v, read %v, was %v", got, now, before)
		}
		if len(got) > 0 && slices.Equal(last, now) && &got[0] != &last[0] {
			t.Fatal("copied, though nothing differs")
		}
	})
}

// entry is a struct ip_vs_dest_entry_user.
func entry(addr string, weight int32, method uint32) []byte {
	b, a := make([]byte, destSize), netip.MustParseAddrPort(addr)
	copy(b, a.Addr().AsSlice())
	binary.BigEndian.PutUint16(b[4:], a.Port())
	binary.NativeEndian.PutUint32(b[8:], method)
	binary.NativeEndian.PutUint32(b[12:], uint32(weight))
	return b
}

func TestEntriesSame(t *testing.T) {
	service := spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.1:80"))
	row := func(addr string, d spec.Dest) spec.Row[spec.DestKey, spec.Dest] {
		return spec.Row[spec.DestKey, spec.Dest]{Key: spec.DestKey{Service: service, Addr: netip.MustParseAddrPort(addr)}, Value: d}
	}
	was := spec.Rows[spec.DestKey, spec.Dest]{
		row("192.0.2.21:80", spec.Dest{Weight: 1, Forward: spec.DR}), row("192.0.2.22:80", spec.Dest{Weight: 2, Forward: spec.Tun, Tunnel: spec.Tunnel{Type: spec.GUE, Port: 6080}}),
	}
	one, two := entry("192.0.2.21:80", 1, uint32(spec.DR)), entry("192.0.2.22:80", 2, uint32(spec.Tun))
	for name, c := range map[string]struct {
		entries [][]byte
		want    bool
	}{
		"the newest first": {[][]byte{two, one}, true},
		"the oldest first": {[][]byte{one, two}, true},
		"another weight":   {[][]byte{two, entry("192.0.2.21:80", 0, uint32(spec.DR))}, false},
		"another method":   {[][]byte{two, entry("192.0.2.21:80", 1, uint32(spec.NAT))}, false},
		"another port":     {[][]byte{two, entry("192.0.2.21:81", 1, uint32(spec.DR))}, false},
		"another server":   {[][]byte{two, entry("192.0.2.23:80", 1, uint32(spec.DR))}, false},
		"one less":         {[][]byte{two}, false},
		"one more":         {[][]byte{entry("192.0.2.23:80", 1, 0), two, one}, false},
	} {
		if got := legacyEntries(slices.Concat(c.entries...)).same(was); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
