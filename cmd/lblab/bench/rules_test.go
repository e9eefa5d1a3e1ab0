package bench

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

var update = flag.Bool("update", false, "write the goldens")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run with -update and read the difference:\n%s", file, got)
	}
}

func TestKeepalivedConf(t *testing.T) {
	golden(t, "keepalived.conf", Rules{Services: 2, RealServers: 2, Clusters: 1}.keepalivedConf(1))
}

// wantOf loads a fleet as the agent does.
func wantOf(t *testing.T, r Rules, version int) spec.State {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range r.fleetFiles(version) {
		fsys[name] = &fstest.MapFile{Data: text}
	}
	fleet, _, diags := spec.LoadFS(fsys)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if len(fleet.Clusters) != r.Clusters {
		t.Errorf("%s: %d clusters", r, len(fleet.Clusters))
	}
	view, _ := fleet.Director("lb1")
	want, _ := reconcile.Want(view, spec.Facts{})
	return want
}

func TestFleetSaysTheRules(t *testing.T) {
	for _, r := range []Rules{NewRules(41), NewRules(41).OneCluster(), NewRules(80)} {
		want := wantOf(t, r, 0)
		if len(want.Services) != r.Services || len(want.Dests) != r.total() {
			t.Errorf("%s: %d services, %d real servers", r, len(want.Services), len(want.Dests))
		}
		// The one that is asked while a system starts must be the one that both write last.
		if last := want.Services[len(want.Services)-1].Key.Addr.Addr(); last != r.service(r.Services-1) {
			t.Errorf("%s: the last service is %s, not %s", r, last, r.service(r.Services-1))
		}
	}
}

func TestVersionsDifferInOneWeight(t *testing.T) {
	r := NewRules(41)
	changes := reconcile.Diff(wantOf(t, r, 1), wantOf(t, r, 0))
	if len(changes) != 1 {
		t.Fatalf("%d changes, want 1", len(changes))
	}
	service, real := r.edited()
	key := spec.DestKey{Service: spec.AddrService(spec.TCP, netip.AddrPortFrom(service, port)), Addr: netip.AddrPortFrom(real, port)}
	if c := changes[0]; c.Key != key || c.After.(spec.Dest).Weight != int32(versions[1]) {
		t.Errorf("the change is %s to %v", c.Key, c.After)
	}
}

// Addresses that end in 0 or 255, or that two objects share, would be refused or merged.
func TestAddressesAreUsable(t *testing.T) {
	r, seen := NewRules(10000), map[netip.Addr]bool{}
	for i := range r.Services {
		for _, a := range append([]netip.Addr{r.service(i)}, r.realServers(i)...) {
			if last := a.As4()[3]; last == 0 || last == 255 || seen[a] {
				t.Fatalf("service %d: address %s", i, a)
			}
			seen[a] = true
		}
	}
}

func (r Rules) realServers(i int) (out []netip.Addr) {
	for j := range r.RealServers {
		out = append(out, r.realServer(i, j))
	}
	return out
}
