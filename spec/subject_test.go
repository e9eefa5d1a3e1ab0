package spec

import (
	"bytes"
	"encoding/gob"
	"net/netip"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// Everything that a fleet may have, and a cluster with as little as possible.
const everything = `
director "lb1" {
  endpoint = "192.0.2.11:7946"
  labels   = { site = "fra1" }
  sysctls  = { "net.ipv4.vs.conntrack" = 1 }
  interface "eth0" { segment = "a" }
}
director "lb2" {}
director "lb3" {}
cluster "bare" {
  directors = ["lb1", "lb3"]
  virtual_server "mark" {
    fwmark     = 7
    family     = "ipv4"
    scheduler  = "rr"
    forwarding = "dr"
  }
}
cluster "web" {
  directors = ["lb1", "lb2"]
  connection_sync {
    syncid    = 11
    interface = "eth0"
    retries   = 1
  }
  ipvs_timeouts { tcp = "900s" }
  freeze "nights" {
    from = "22:00"
    to   = "06:00"
  }
  vrrp_instance "one" {
    interface         = "eth0"
    virtual_router_id = 1
    priority          = { lb1 = 100, lb2 = 101 }
    version           = 2
    advert_interval   = "1s"
    virtual_address "192.0.2.100/32" { device = { lb1 = "eth0", lb2 = "eth1" } }
    track_interface "eth0" {}
    authentication {
      type     = "pass"
      password = secret("x")
    }
    notify "exec" {
      on     = ["master"]
      target = "/bin/true"
    }
  }
  virtual_server "http" {
    addresses  = ["192.0.2.100", "192.0.2.101"]
    ports      = [80, 443]
    protocol   = "tcp"
    scheduler  = "mh"
    flags      = ["mh-port"]
    forwarding = "tun"
    owner      = "web"
    sorry_server "192.0.2.90" {}
    health_check "tcp" {}
    real_server "192.0.2.21" { weight = 3 }
    real_server "192.0.2.22" { forwarding = "dr" }
  }
}`

func loadText(t *testing.T, text string) *Fleet {
	t.Helper()
	fleet, _, diags := LoadFS(fstest.MapFS{"fleet.hcl": {Data: []byte(text)}})
	if fleet == nil {
		for _, d := range diags {
			t.Error(d)
		}
		t.FailNow()
	}
	return fleet
}

// What is checked at load by the declared types must be what a rule gets.
func TestItemsHaveTheirTypes(t *testing.T) {
	k := AddrService(TCP, netip.MustParseAddrPort("192.0.2.100:80"))
	s := &Subject{Fleet: loadText(t, everything), Changes: map[string][]Change{"lb1": {
		{Key: k, Action: Add, After: Service{Scheduler: "mh"}}, {Key: RoleMaster, Action: Remove, Before: Daemon{SyncID: 1}}, {Key: InstanceKey("gone"), Action: Remove, Before: Instance{}},
	}}}
	for _, c := range collections {
		n := 0
		for x := range c.items(s) {
			n++
			if got := x.value(nil).Type(); !got.Equals(c.typ(nil)) {
				t.Errorf("%s %s is\n%#v, want\n%#v", c.name, x.key, got, c.typ(nil))
			}
		}
		if n == 0 {
			t.Errorf("no %s", c.name)
		}
		whole := c.whole(s, nil)
		if whole.LengthInt() != n {
			t.Errorf("%d %s have %d keys", n, c.name, whole.LengthInt())
		}
	}
	if got := commitValue(&Commit{}).Type(); !got.Equals(commitType()) {
		t.Errorf("commit is %#v", got)
	}
	cluster, server := changeItems.whole(s, nil).AsValueMap()["lb1: service tcp 192.0.2.100:80"].GetAttr("cluster"), changeItems.whole(s, nil).AsValueMap()["lb1: service tcp 192.0.2.100:80"].GetAttr("virtual_server")
	if cluster.AsString() != "web" || server.AsString() != "http" {
		t.Errorf("the change belongs to %#v, %#v", cluster, server)
	}
}

func TestTrailers(t *testing.T) {
	for body, want := range map[string][]Trailer{
		"":                               nil,
		"Just text.":                     nil,
		"Ticket: OPS-1":                  {{"Ticket", "OPS-1"}},
		"Text.\n\nTicket: OPS-1\nA: b:c": {{"Ticket", "OPS-1"}, {"A", "b:c"}},
		"A: b\n\nText.":                  nil,
		"Why: because\nit is so":         nil,
		"A: one\n  two\n\tthree\nB: x":   {{"A", "one two three"}, {"B", "x"}},
		"x\r\n\r\nA: b\r\nA: c\r\n":      {{"A", "b"}, {"A", "c"}},
		"A: b\n(cherry picked from commit 0123456)\nB: c": {{"A", "b"}, {"B", "c"}},
		"See http://x: y": nil,
	} {
		if diff := cmp.Diff(want, Commit{Body: body}.Trailers()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", body, diff)
		}
	}
}

// State that was written before a View had policies is still read.
func TestViewWithoutPolicies(t *testing.T) {
	var b bytes.Buffer
	old := struct {
		Director Placed[Director]
		Clusters []Cluster
	}{Director: Placed[Director]{Def: &Director{Name: "lb1"}}, Clusters: []Cluster{{Name: "web"}}}
	if err := gob.NewEncoder(&b).Encode(old); err != nil {
		t.Fatal(err)
	}
	var v View
	if err := gob.NewDecoder(&b).Decode(&v); err != nil || v.Director.Def.Name != "lb1" || v.Policies != nil {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestViewKeepsPolicies(t *testing.T) {
	fleet := loadText(t, everything+`
locals { most = [100, "x", { a = null }] }
policy "weights" {
  level         = "overridable"
  for_each      = real_servers
  when          = commit.author != "x"
  condition     = each.value.weight <= local.most[0]
  message       = "heavy"
  overridden_by = ["anna@example.org"]
}`)
	v, _ := fleet.Director("lb2")
	b, err := v.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeView(b)
	if diff := cmp.Diff(v.Policies, got.Policies); err != nil || diff != "" || len(got.Policies) != 1 || got.Policies[0].Def.Locals == nil {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
	r, err := NewOwnRule(got.Policies[0])
	if err != nil || !r.Uses("commit") || !r.Uses("real_servers") || r.Uses("changes") {
		t.Fatalf("%+v, %v", r, err)
	}
	if cases, _ := r.Ask(&Subject{Fleet: fleet, Commit: &Commit{}}, nil); len(cases) != 0 {
		t.Errorf("%+v", cases)
	}
}
