package spec

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// pair is the example of the schema's description.
const pair = `
locals { redis = ["192.0.2.21", "192.0.2.22"] }

director "lb1" {
  endpoint   = "192.0.2.11:7946"
  public_key = "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
  labels     = { site = "fra1" }
  interface "eth0" { segment = "fra1-lb" }
}
director "lb2" { endpoint = "192.0.2.12:7946" }

cluster "codis" {
  directors = ["lb1", "lb2"]

  connection_sync {
    syncid    = 11
    interface = { lb1 = "eth0", lb2 = "bond0" }
  }

  vrrp_instance "codis_6379" {
    interface         = "eth0"
    virtual_router_id = 79
    priority          = { lb1 = 100, lb2 = 101 }
    advert_interval   = "1s"
    preempt           = false
    unicast           = true
    virtual_address "192.0.2.100/32" {}
  }

  virtual_server "codis" {
    address    = "192.0.2.100"
    port       = 6379
    protocol   = "tcp"
    scheduler  = "wrr"
    forwarding = "dr"
    health_check "tcp" { interval = "6s" }
    dynamic "real_server" {
      for_each = local.redis
      labels   = ["${real_server.value}:6379"]
      content { weight = 1 }
    }
  }
}
`

func TestExampleLoads(t *testing.T) {
	fleet, _, diags := LoadFS(fstest.MapFS{"fleet.hcl": {Data: []byte(pair)}})
	if fleet == nil {
		t.Fatal(diags)
	}
	view, ok := fleet.Director("lb2")
	if !ok || len(view.Clusters) != 1 {
		t.Fatalf("view of lb2: %+v", view)
	}
	v := view.Clusters[0].VirtualServers[0]
	if got := len(v.Def.RealServers); got != 2 {
		t.Errorf("%d real servers, want 2", got)
	}
	if got := v.Def.RealServers[1].Key(v.Def.Keys()[0]).String(); got != "tcp 192.0.2.100:6379 > 192.0.2.22:6379" {
		t.Error(got)
	}
	if pos := v.Place.Pos(v.Def.At); pos.String() != "fleet.hcl:30" {
		t.Error("the virtual server is at ", pos)
	}
	if d, ok := view.Clusters[0].Sync.Daemon("lb2"); !ok || d.Interface != "bond0" || d.MaxLen != 1472 {
		t.Errorf("daemon of lb2: %+v", d)
	}
	if len(diags) != 0 {
		t.Errorf("want nothing to complain of: %v", diags)
	}
}

// TestDynamicBlocks: blocks inside made blocks, iterators of two levels, maps and sets.
func TestDynamicBlocks(t *testing.T) {
	const text = `
locals { apps = { web = { port = 80, reals = 2 }, api = { port = 8080, reals = 1 } } }
director "lb1" {}
director "lb2" {}
cluster "c" {
  directors = ["lb1", "lb2"]
  virtual_server "last" {
    address    = "192.0.2.9"
    port       = 80
    protocol   = "udp"
    scheduler  = "rr"
    forwarding = "nat"
  }
  dynamic "virtual_server" {
    for_each = local.apps
    iterator = app
    labels   = ["app-${app.key}"]
    content {
      address    = cidrhost("192.0.2.0/24", 1)
      port       = app.value.port
      protocol   = "tcp"
      scheduler  = "rr"
      forwarding = "nat"
      dynamic "real_server" {
        for_each = range(app.value.reals)
        labels   = ["[2001:db8::${real_server.value + 1}]:${app.value.port}"]
        content {
          weight     = real_server.key + app.value.reals
          forwarding = "tun"
        }
      }
      dynamic "lifecycle" {
        for_each = app.key == "web" ? [true] : []
        content { prevent_destroy = lifecycle.value }
      }
    }
  }
}
`
	wrong := strings.Replace(text, "]:${app.value.port}", "]:9090", 1)
	if fleet, _, diags := LoadFS(fstest.MapFS{"fleet.hcl": {Data: []byte(wrong)}}); fleet != nil || len(diags) != 1 || diags[0].Subject.Start.Line != 26 {
		t.Error("one error in the label, in line 26: ", diags)
	}
	fleet, _, diags := LoadFS(fstest.MapFS{"fleet.hcl": {Data: []byte(text)}})
	if fleet == nil {
		t.Fatal(diags)
	}
	var got []string
	for _, v := range fleet.Clusters[0].VirtualServers {
		line := fmt.Sprint(v.Def.Name, " ", v.Def.Keys()[0], " ", v.Def.PreventDestroy)
		for _, r := range v.Def.RealServers {
			line += fmt.Sprint(" ", r.Key(v.Def.Keys()[0]).Addr, " ", r.Dest.Weight)
		}
		got = append(got, line)
	}
	want := []string{
		"last udp 192.0.2.9:80 false",
		"app-api tcp 192.0.2.1:8080 false [2001:db8::1]:8080 1",
		"app-web tcp 192.0.2.1:80 true [2001:db8::1]:80 2 [2001:db8::2]:80 3",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
