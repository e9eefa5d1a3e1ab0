package kernel

import (
	"encoding/hex"
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func tcp(s string) spec.ServiceKey { return spec.AddrService(spec.TCP, netip.MustParseAddrPort(s)) }

// TestMessages holds the bytes that go to the kernel: numbers of attributes, order of bytes, padding.
func TestMessages(t *testing.T) {
	v4, v6 := tcp("192.0.2.1:80"), tcp("[2001:db8::1]:80")
	gue := spec.Dest{Weight: 70000, Forward: spec.Tun, Upper: 9, Lower: 3, Tunnel: spec.Tunnel{Type: spec.GUE, Port: 6080, Checksum: spec.Sum}}
	for name, c := range map[string]spec.Change{
		"service":      {Key: v4, Action: spec.Add, After: spec.Service{Scheduler: "wlc", Persistence: 300, Netmask: 24, Engine: "sip"}},
		"service-ipv6": {Key: v6, Action: spec.Edit, After: spec.Service{Scheduler: "mh", Flags: spec.SchedFlag1}},
		"service-mark": {Key: spec.MarkService(7, spec.IPv6), Action: spec.Remove},
		"real-server":  {Key: spec.DestKey{Service: v4, Addr: netip.MustParseAddrPort("192.0.2.21:80")}, Action: spec.Add, After: spec.Dest{Weight: 1, Forward: spec.DR}},
		"other-family": {Key: spec.DestKey{Service: v4, Addr: netip.MustParseAddrPort("[2001:db8::21]:80")}, Action: spec.Edit, After: gue},
		"gone":         {Key: spec.DestKey{Service: v6, Addr: netip.MustParseAddrPort("[2001:db8::21]:80")}, Action: spec.Remove},
		"timeout":      {Key: spec.TimeoutTCPFin, Action: spec.Edit, After: spec.Seconds(60)},
		"every-flag":   {Key: spec.MarkService(1, spec.IPv4), Action: spec.Add, After: spec.Service{Scheduler: "rr", Flags: spec.SettableFlags}},
	} {
		t.Run(name, func(t *testing.T) {
			var m messages
			m.begin(0x1c, commandOf(c), familyVersion, 0, 1)
			m.command(c)
			m.end()
			golden(t, filepath.Join("testdata", "messages", name), hex.Dump(m.buf))
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant\n%s", path, got, want)
	}
}

func TestNetmask(t *testing.T) {
	for _, c := range []struct {
		family spec.Family
		prefix uint8
		bytes  [4]byte
	}{
		{spec.IPv4, 32, [4]byte{255, 255, 255, 255}}, {spec.IPv4, 24, [4]byte{255, 255, 255, 0}}, {spec.IPv4, 1, [4]byte{128}}, {spec.IPv4, 0, [4]byte{}},
		{spec.IPv6, 128, [4]byte{128}}, {spec.IPv6, 64, [4]byte{64}}, {spec.IPv6, 1, [4]byte{1}},
	} {
		got := netmask(c.family, spec.Service{Persistence: 1, Netmask: c.prefix})
		if [4]byte(got) != c.bytes { // the machine's own order of bytes is little endian wherever this runs
			t.Errorf("%s /%d: %v, want %v", c.family, c.prefix, got, c.bytes)
		}
		if back := prefixOf(c.family, got); back != c.prefix {
			t.Errorf("%s %v: /%d, want /%d", c.family, got, back, c.prefix)
		}
	}
	if got := prefixOf(spec.IPv4, []byte{255, 0, 255, 0}); got != notPrefix {
		t.Errorf("a netmask with holes is /%d", got)
	}
}

func TestQuirks(t *testing.T) {
	s := normalService(spec.Service{Scheduler: "rr", Persistence: 300, Netmask: 32}, flagHashed|uint32(spec.OnePacket))
	if want := (spec.Service{Scheduler: "rr", Flags: spec.OnePacket}); s != want {
		t.Errorf("a service without the persistence flag is %+v, want %+v", s, want)
	}
	d := normalDest(spec.Dest{Weight: 1, Tunnel: spec.Tunnel{Type: spec.GUE, Port: 6080}}, 0x0143)
	if want := (spec.Dest{Weight: 1, Forward: spec.DR}); d != want {
		t.Errorf("a real server with a former tunnel is %+v, want %+v", d, want)
	}
}

func TestMalformed(t *testing.T) {
	for name, b := range map[string][]byte{
		"empty":            {},
		"no body":          {1, 1, 0, 0},
		"attribute of 0":   {1, 1, 0, 0, 0, 0, 1, 0},
		"attribute beyond": {1, 1, 0, 0, 200, 0, 1, 0},
		"short address":    {1, 1, 0, 0, 12, 0, 1, 0, 8, 0, 3, 0, 192, 0, 2, 1},
		"no address":       {1, 1, 0, 0, 12, 0, 1, 0, 8, 0, 9, 0, 255, 255, 255, 255},
	} {
		if _, err := decodeService(answer{body: b}.attributes()); !errors.Is(err, errMalformed) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for a, err := range answers([]byte{200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) {
		if !errors.Is(err, errMalformed) {
			t.Errorf("a message beyond its buffer: %v, error %v", a, err)
		}
	}
}

// FuzzDecode: whatever comes, it is decoded or an error; what is a service can be sent back.
func FuzzDecode(f *testing.F) {
	var m messages
	m.begin(1, cmdNewService, familyVersion, 0, 1)
	m.service(tcp("192.0.2.1:80"), spec.Service{Scheduler: "wlc", Persistence: 1, Netmask: 24})
	m.end()
	m.begin(1, cmdNewDest, familyVersion, 0, 2)
	m.dest(spec.DestKey{Service: tcp("[2001:db8::1]:80"), Addr: netip.MustParseAddrPort("[2001:db8::21]:80")}, spec.Dest{Weight: 1})
	m.end()
	m.begin(1, cmdNewDaemon, familyVersion, 0, 3)
	m.daemon(spec.RoleBackup, spec.Daemon{Interface: "eth0", Group: netip.MustParseAddr("ff05::81")})
	m.end()
	f.Add(m.buf)
	f.Fuzz(func(t *testing.T, b []byte) {
		for a, err := range answers(b) {
			if err != nil {
				return
			}
			_, _ = a.outcome()
			_, _ = decodeDest(spec.ServiceKey{Family: spec.IPv4}, a.attributes())
			_, _ = decodeDaemon(a.attributes())
			_, _ = decodeTimeouts(a.attributes())
			_, _ = decodeCounters(a.body)
			if s, err := decodeService(a.attributes()); err == nil && !strings.Contains(s.Key.String(), " ") {
				t.Errorf("key %q", s.Key)
			}
		}
	})
}

func TestRefusals(t *testing.T) {
	v4 := tcp("192.0.2.1:80")
	d := spec.Change{Key: spec.DestKey{Service: v4, Addr: netip.MustParseAddrPort("192.0.2.21:80")}, Action: spec.Add, After: spec.Dest{Weight: 1, Upper: 1 << 31}}
	for _, c := range []struct {
		change spec.Change
		errno  unix.Errno
		want   string
	}{
		{d, unix.EINVAL, "add real server tcp 192.0.2.1:80 > 192.0.2.21:80: upper threshold 2147483648 is above 2147483647: invalid argument"},
		{spec.Change{Key: tcp("[2001:db8::1]:80"), Action: spec.Remove}, unix.EAFNOSUPPORT, "remove service tcp [2001:db8::1]:80: this kernel runs without IPv6: address family not supported by protocol"},
		{spec.Change{Key: v4, Action: spec.Edit, After: spec.Service{Scheduler: "wlc"}}, unix.ENOENT, "edit service tcp 192.0.2.1:80: scheduler wlc or its persistence engine is not available: no such file or directory"},
	} {
		err := Refused(c.change, c.errno)
		if err.Error() != c.want || !errors.Is(err, c.errno) {
			t.Errorf("%q, want %q", err, c.want)
		}
	}
}
