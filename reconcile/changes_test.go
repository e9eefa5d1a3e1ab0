package reconcile_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

func followed(t *testing.T, syncid, weight int, rest string) *spec.Fleet {
	t.Helper()
	fleet, _, diags := spec.LoadFS(fstest.MapFS{"fleet.hcl": {Data: fmt.Appendf(nil, `
director "lb1" {}
director "lb2" {}
cluster "a" {
  directors = ["lb1", "lb2"]
  connection_sync {
    syncid    = %d
    interface = "eth0"
    mode      = "follow"
    follow    = "one"
  }
  vrrp_instance "one" {
    interface         = "eth0"
    virtual_router_id = 1
    priority          = { lb1 = 100, lb2 = 101 }
    virtual_address "192.0.2.100/32" {}
  }
  virtual_server "web" {
    address    = "192.0.2.100"
    port       = 80
    protocol   = "tcp"
    scheduler  = "wrr"
    forwarding = "dr"
    real_server "192.0.2.21" { weight = %d }
  }
}
%s`, syncid, weight, rest)}})
	if fleet == nil {
		t.Fatal(diags)
	}
	return fleet
}

func TestChanges(t *testing.T) {
	before := followed(t, 11, 3, `director "gone" {}`)
	var views []spec.View
	for _, name := range []string{"lb1", "gone"} {
		v, _ := before.Director(name)
		views = append(views, v)
	}
	var got []string
	for director, all := range reconcile.Changes(views, followed(t, 12, 0, "")) {
		for _, c := range all {
			got = append(got, fmt.Sprint(director, " ", c.Action, " ", c.Key.Kind(), " ", c.Key, " ", c.Fields(), " ", c.Reason, " ", c.Risk))
		}
	}
	want := []string{
		"lb1 edit real server tcp 192.0.2.100:80 > 192.0.2.21:80 [{weight 3 0}] commit drains",
		"lb1 edit sync daemon master [{syncid 11 12}] commit sync gap",
		"lb1 edit sync role one [{syncid 11 12}] commit none",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if same := reconcile.Changes(views[:1], before)["lb1"]; len(same) != 0 {
		t.Errorf("nothing is changed by %v", same)
	}
}
