package spec_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lbsync/lbsync/spec"
)

// pathFleet has a virtual server of each name, with one real server and a check along the real path where a port is given for it.
func pathFleet(servers ...string) fstest.MapFS {
	var b strings.Builder
	b.WriteString("director \"lb1\" {}\ndirector \"lb2\" {}\ncluster \"c\" {\n  directors = [\"lb1\", \"lb2\"]\n")
	for _, s := range servers {
		name, address, _ := strings.Cut(s, " ")
		address, pathed := strings.CutSuffix(address, " pathed")
		fmt.Fprintf(&b, `  virtual_server %q {
    address    = %q
    port       = 80
    protocol   = "tcp"
    scheduler  = "rr"
    forwarding = "dr"
    health_check "http" {
      path      = "/health"
      real_path = %v
    }
    real_server "192.0.2.21" { weight = 5 }
  }
`, name, address, pathed)
	}
	b.WriteString("}\n")
	return fstest.MapFS{"f.hcl": {Data: []byte(b.String())}}
}

func pathView(t *testing.T, servers ...string) spec.View {
	t.Helper()
	f, _, diags := spec.LoadFS(pathFleet(servers...))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	v, _ := f.Director("lb1")
	return v
}

// The mark is part of what a running kernel has: another one in a newer version would replace all private services at its start.
func TestPathMarkStays(t *testing.T) {
	v := pathView(t, "web5736 203.0.113.137 pathed", "plain 203.0.113.9")
	web := spec.AddrService(spec.TCP, netip.MustParseAddrPort("203.0.113.137:80"))
	want := spec.Path{Key: spec.MarkService(2175672408, spec.IPv4), Of: spec.DestKey{Service: web, Addr: netip.MustParseAddrPort("192.0.2.21:80")}}
	if got := v.Paths(); len(got) != 1 || got[0] != want || !got[0].Key.Private() || web.Private() {
		t.Errorf("%+v", got)
	}
}

// Two services with the same real server have checks of their own along the real path, and one where they go to its own address.
func TestPathIsIdentity(t *testing.T) {
	v := pathView(t, "a 203.0.113.1 pathed", "b 203.0.113.2 pathed", "c 203.0.113.3", "d 203.0.113.4")
	var checks []spec.Check
	for _, s := range v.Clusters[0].VirtualServers {
		for k := range s.Def.EachKey() {
			checks = append(checks, s.Def.Checks(&s.Def.RealServers[0], k)...)
		}
	}
	for i, want := range []string{
		"http 203.0.113.1:80/health through 192.0.2.21", "http 203.0.113.2:80/health through 192.0.2.21", "http 192.0.2.21:80/health", "http 192.0.2.21:80/health",
	} {
		if checks[i].String() != want {
			t.Errorf("%s, want %s", checks[i], want)
		}
		if checks[i].Probed() != netip.MustParseAddr("192.0.2.21") || checks[i].Settings != "path=%2Fhealth" {
			t.Errorf("%+v", checks[i])
		}
	}
	if checks[0].Service() != v.Paths()[0].Key || checks[0].Service() == checks[1].Service() || checks[2] != checks[3] {
		t.Errorf("%+v", checks)
	}
	other := checks[0]
	other.Path = spec.CheckPath{}
	if other.Compare(checks[0]) >= 0 || checks[0].Compare(other) <= 0 || checks[0].Compare(checks[0]) != 0 {
		t.Error("the path is no part of the order of checks")
	}
}

// What a Loader takes over from its last fleet is judged together with what is new.
func TestSameMarkIsSeenLater(t *testing.T) {
	const a, b = "web5736 203.0.113.137", "web30998 203.0.113.199"
	l := spec.NewLoader()
	for _, step := range []struct {
		servers []string
		wrong   bool
	}{{[]string{a, b}, false}, {[]string{a + " pathed", b}, false}, {[]string{a + " pathed", b + " pathed"}, true}, {[]string{a + " pathed", b + " pathed"}, true}, {[]string{a, b + " pathed"}, false}} {
		_, _, diags := l.Load(pathFleet(step.servers...))
		if diags.HasErrors() != step.wrong || step.wrong && diags[0].Summary != "Two real paths with one mark" {
			t.Errorf("%v: %v", step.servers, diags)
		}
	}
}

func TestPathsOutliveARestart(t *testing.T) {
	v := pathView(t, "a 203.0.113.1 pathed", "b 203.0.113.2")
	text, err := v.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := spec.DecodeView(text)
	if err != nil || len(back.Paths()) != 1 || back.Paths()[0] != v.Paths()[0] {
		t.Errorf("%v, %v", back.Paths(), err)
	}
}
