package spec_test

import (
	"net/netip"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Somebody with our virtual router id who cannot be a director is a stranger, also where the directors' endpoints are on another
// network than their advertisements; nobody is one who may be a director.
func TestStrangers(t *testing.T) {
	fleet, _, diags := spec.LoadFS(fstest.MapFS{"fleet.hcl": {Data: []byte(`
director "lb1" { endpoint = "192.0.2.11:7946" }
director "lb2" { endpoint = "192.0.2.12:7946" }
cluster "web" {
  directors = ["lb1", "lb2"]
  vrrp_instance "web" {
    interface         = "eth0"
    virtual_router_id = 51
    priority          = { lb1 = 101, lb2 = 100 }
    virtual_address "192.0.2.100/24" {}
  }
}`)}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	view, _ := fleet.Director("lb1")
	now := time.Now()
	for _, c := range []struct {
		what  string
		heard []string
		want  int
	}{
		{"only the other director", []string{"192.0.2.12"}, 0},
		{"the other director and a stranger", []string{"192.0.2.12", "192.0.2.99"}, 1},
		{"one from an address nobody knows, who may be the other director", []string{"10.0.0.12"}, 0},
		{"two of them", []string{"10.0.0.12", "10.0.0.99"}, 2},
	} {
		i := spec.InstanceStatus{Name: "web"}
		for _, a := range c.heard {
			i.Speakers = append(i.Speakers, spec.Speaker{Addr: netip.MustParseAddr(a), Last: now})
		}
		if got := view.Strangers(i, now); len(got) != c.want {
			t.Errorf("%s: %v are strangers", c.what, got)
		}
		if got := view.Strangers(i, now.Add(time.Hour)); len(got) != 0 {
			t.Errorf("%s an hour ago: %v are strangers", c.what, got)
		}
	}
}
