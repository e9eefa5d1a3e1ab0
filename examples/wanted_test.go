package examples_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// What loads and breaks no policy, an engine can run: nothing is left for it to refuse at the end.
func TestWhatIsAllowedCanRun(t *testing.T) {
	allowed := 0
	rapid.Check(t, func(t *rapid.T) {
		text := anyFleet(t)
		fleet, _, diags := spec.LoadFS(fstest.MapFS{"fleet.hcl": {Data: []byte(text)}})
		if fleet == nil || append(diags, policies.Check(policies.Input{Fleet: fleet}).Diags...).HasErrors() {
			return
		}
		allowed++
		for _, d := range fleet.Directors {
			v, _ := fleet.Director(d.Def.Name)
			want, holds := reconcile.Want(v, spec.Facts{})
			if err := want.VRRP.Check(); err != nil || len(holds) > 0 && !strings.Contains(text, "follow") {
				t.Fatalf("director %s: %v %v\n%s", d.Def.Name, err, holds, text)
			}
		}
	})
	if allowed == 0 {
		t.Error("no fleet was allowed")
	}
}

// anyFleet is a fleet of two clusters that share a director, of which much may be wrong.
func anyFleet(t *rapid.T) string {
	var b strings.Builder
	for n := 1; n <= 3; n++ {
		fmt.Fprintf(&b, "director \"lb%d\" { %s }\n", n, one(t, "", fmt.Sprintf(`endpoint = "192.0.2.1%d:7946"`, n), fmt.Sprintf(`endpoint = "192.0.2.1%d:7946"`, n), fmt.Sprintf(`endpoint = "[2001:db8::1%d]:7946"`, n)))
	}
	for n, directors := range []string{`"lb1", "lb2"`, `"lb2", "lb3"`} {
		fmt.Fprintf(&b, "cluster \"c%d\" {\n  directors = [%s]\n", n, directors)
		if n == 0 {
			b.WriteString(one(t, "", "  connection_sync {\n    syncid = 1\n    interface = \"eth0\"\n    mode = \"follow\"\n    follow = \"v00\"\n  }\n"))
		}
		for i := range rapid.IntRange(0, 2).Draw(t, "instances") {
			b.WriteString(anyInstance(t, fmt.Sprintf("v%d%d", n, i), n*2+i))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

func anyInstance(t *rapid.T, name string, n int) string {
	lines := []string{
		fmt.Sprintf("interface = %q", one(t, "eth0", "eth1")), fmt.Sprintf("virtual_router_id = %d", one(t, 1, 1+n, 10+n)), fmt.Sprintf("priority = %d", one(t, 1, 100, 255)),
		one(t, "", "", "", "version = 2"), one(t, "", "unicast = true"), rarely(t, `group = "224.0.0.99"`), one(t, "", "", `advert_interval = "100ms"`),
		rarely(t, `advert_interval = "41s"`), rarely(t, "ttl_min = 254"), rarely(t, "down_timer_adverts = 100"), rarely(t, `source = "192.0.2.77"`),
	}
	vip := func(prefix string) {
		lines = append(lines, fmt.Sprintf("virtual_address %q { excluded = %t }", prefix, one(t, false, false, false, true)))
	}
	six := one(t, false, false, true)
	if six {
		vip(fmt.Sprintf("fe80::%d/64", one(t, 1, 1+n)))
		vip(fmt.Sprintf("2001:db8::%d/64", one(t, 1, 1+n)))
	}
	if !six || rarely(t, "both") != "" {
		vip(fmt.Sprintf("192.0.2.%d/%d", one(t, 100, 100+n), one(t, 24, 32)))
	}
	return fmt.Sprintf("  vrrp_instance %q {\n    %s\n  }\n", name, strings.Join(lines, "\n    "))
}

func rarely(t *rapid.T, s string) string { return one(t, "", "", "", "", "", "", "", "", s) }

func one[T any](t *rapid.T, from ...T) T { return rapid.SampledFrom(from).Draw(t, "one of") }
