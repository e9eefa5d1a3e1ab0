package pool_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lbsync/lbsync/reconcile/pool"
	"github.com/lbsync/lbsync/spec"
)

// Along the real path a real server is checked in each of its services, and leaves the one in which it fails.
func TestPathsAreJudgedByService(t *testing.T) {
	f, _, diags := spec.LoadFS(fstest.MapFS{"f.hcl": {Data: []byte(`
director "lb1" {}
director "lb2" {}
cluster "web" {
  directors = ["lb1", "lb2"]
  virtual_server "web" {
    address    = "203.0.113.1"
    ports      = [80, 443]
    protocol   = "tcp"
    scheduler  = "wlc"
    forwarding = "dr"
    health_check "tcp" { real_path = true }
    real_server "192.0.2.11" { weight = 10 }
    real_server "192.0.2.12" { weight = 10 }
  }
}
`)}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	v, _ := f.Director("lb1")
	p := pool.New(v, nil, spec.State{}, noon)
	checks, _ := p.Checks()
	if len(checks) != 4 || !p.Pathed() {
		t.Fatalf("%v", checks)
	}
	var down []spec.Verdict
	var left []string
	for _, c := range checks {
		if c.String() == "tcp 203.0.113.1:443 through 192.0.2.11" {
			down = append(down, spec.Verdict{Check: c, State: spec.CheckDown, Weight: -1})
		}
	}
	for _, k := range p.Judge(down, noon) {
		left = append(left, k.String())
	}
	if got := strings.Join(left, ", "); got != "tcp 203.0.113.1:443" {
		t.Errorf("%d verdicts are about %q", len(down), got)
	}
	facts, _ := p.Facts()
	for k, fact := range facts {
		if len(fact.Members) != 1 || fact.Members[0].Key.String() != "tcp 203.0.113.1:443 > 192.0.2.11:443" {
			t.Errorf("%s: %+v", k, fact)
		}
	}
	if pool.New(view(t, 2, "", ""), nil, spec.State{}, noon).Pathed() {
		t.Error("an ordinary check goes along the real path")
	}
}
