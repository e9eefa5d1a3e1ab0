package spec_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lbsync/lbsync/spec"
)

func TestOverrideCommands(t *testing.T) {
	weight := func(n int32) *int32 { return &n }
	for _, c := range []struct {
		command spec.Command
		want    string // part of the error; "" is none
	}{
		{spec.Command{Verb: spec.OverrideSet, RealServer: "x", Weight: weight(0), For: time.Hour, Reason: "r"}, ""},
		{spec.Command{Verb: spec.OverrideSet, RealServer: "x", Weight: weight(65535), For: spec.LongestOverride, Reason: "r"}, ""},
		{spec.Command{Verb: spec.OverrideSet, Weight: weight(0), For: time.Hour, Reason: "r"}, "name a real server"},
		{spec.Command{Verb: spec.OverrideSet, All: true, Weight: weight(0), For: time.Hour, Reason: "r"}, "name one real server"},
		{spec.Command{Verb: spec.OverrideSet, RealServer: "x", For: time.Hour, Reason: "r"}, "a weight is needed"},
		{spec.Command{Verb: spec.OverrideSet, RealServer: "x", Weight: weight(-1), For: time.Hour, Reason: "r"}, "from 0 to 65535"},
		{spec.Command{Verb: spec.OverrideSet, RealServer: "x", Weight: weight(65536), For: time.Hour, Reason: "r"}, "from 0 to 65535"},
		{spec.Command{Verb: spec.OverrideSet, RealServer: "x", Weight: weight(0), Reason: "r"}, "ends by itself"},
		{spec.Command{Verb: spec.OverrideSet, RealServer: "x", Weight: weight(0), For: spec.LongestOverride + 1, Reason: "r"}, "at most 168 hours"},
		{spec.Command{Verb: spec.OverrideSet, RealServer: "x", Weight: weight(0), For: time.Hour}, "say why"},
		{spec.Command{Verb: spec.OverrideClear, RealServer: "x"}, ""},
		{spec.Command{Verb: spec.OverrideClear, All: true}, ""},
		{spec.Command{Verb: spec.OverrideClear}, "or all"},
		{spec.Command{Verb: spec.OverrideClear, RealServer: "x", All: true}, "or all"},
		{spec.Command{Verb: spec.OverrideClear, RealServer: "x", Weight: weight(1)}, "a weight"},
		{spec.Command{Verb: spec.OverrideClear, RealServer: "x", For: time.Hour}, "does not apply"},
		{spec.Command{Verb: spec.Resume, RealServer: "x"}, "takes no real server"},
		{spec.Command{Verb: spec.Resume, Weight: weight(1)}, "takes no real server"},
	} {
		if err := c.command.Check(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.command, err, c.want)
		}
	}
}

func TestFindRealServer(t *testing.T) {
	fleet, _, diags := spec.LoadFS(fstest.MapFS{"fleet.hcl": {Data: []byte(`director "lb1" {}
director "lb2" {}
cluster "c" {
  directors = ["lb1", "lb2"]
  virtual_server "web" {
    addresses  = ["192.0.2.1", "192.0.2.2"]
    port       = 80
    protocol   = "tcp"
    scheduler  = "wrr"
    forwarding = "nat"
    real_server "192.0.2.21" {}
    real_server "192.0.2.22:8080" { weight = 7 }
  }
}
`)}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	v, _ := fleet.Director("lb1")
	key := func(s string) (k spec.DestKey) {
		if err := k.UnmarshalText([]byte(s)); err != nil {
			t.Fatal(err)
		}
		return k
	}
	if r, pos, ok := v.RealServer(key("tcp 192.0.2.2:80 > 192.0.2.22:8080")); !ok || r.Dest.Weight != 7 || pos.String() != "fleet.hcl:12" {
		t.Errorf("%+v at %s, %v", r, pos, ok)
	}
	if n := v.SharedBy(key("tcp 192.0.2.2:80 > 192.0.2.22:8080")); n != 2 {
		t.Errorf("shared by %d", n)
	}
	for _, none := range []string{"tcp 192.0.2.3:80 > 192.0.2.21:80", "udp 192.0.2.1:80 > 192.0.2.21:80", "tcp 192.0.2.1:80 > 192.0.2.22:80"} {
		if _, _, ok := v.RealServer(key(none)); ok || v.SharedBy(key(none)) != 0 {
			t.Errorf("%s is found", none)
		}
	}
	want := []spec.DestKey{key("tcp 192.0.2.1:80 > 192.0.2.21:80"), key("tcp 192.0.2.2:80 > 192.0.2.21:80")}
	if got := v.RealServersAt(netip.MustParseAddrPort("192.0.2.21:80")); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
