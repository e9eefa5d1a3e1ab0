package policies_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/spectest"
)

// load is a fleet with one more rule.
func ruled(services int, rule string) (*spec.Fleet, hcl.Diagnostics) {
	fsys := spectest.Fleet(services, 10, 20)
	f := *fsys["directors.hcl"]
	f.Data = fmt.Appendf(nil, "%s\npolicy \"rule\" {\n  level = \"advise\"\n%s\n  message = \"x\"\n}\n", f.Data, rule)
	fsys["directors.hcl"] = &f
	fleet, _, diags := spec.LoadFS(fsys)
	return fleet, diags
}

func withRule(t testing.TB, services int, rule string) *spec.Fleet {
	t.Helper()
	fleet, diags := ruled(services, rule)
	if fleet == nil {
		t.Fatal(diags)
	}
	return fleet
}

// saidOf are the findings of the rule.
func saidOf(out policies.Outcome) (all hcl.Diagnostics) {
	for _, d := range out.Diags {
		if b, _ := spec.BrokenBy(d); b.Rule == "rule" {
			all = append(all, d)
		}
	}
	return all
}

// What would take hours or all memory is stopped, and refuses the commit; can() does not hide it.
func TestBombs(t *testing.T) {
	const each = "for_each = real_servers\n"
	for name, rule := range map[string]string{
		"nested":    "condition = length([for a in real_servers : [for b in real_servers : b]]) == 0",
		"hidden":    "condition = can([for a in real_servers : [for b in real_servers : b]])",
		"quadratic": each + "condition = length([for o in real_servers : o if o.address == each.value.address]) == 1",
		"elements":  "for_each = flatten([for a in real_servers : range(1000)])\ncondition = length([for a in range(1000) : a * a + a * a + a * a]) == 1000",
		"text":      "condition = length(join(\"\", [for a in real_servers : format(\"%1000s\", a.address)])) == 0",
		"product":   "condition = length(setproduct(keys(real_servers), keys(real_servers))) == 0",
	} {
		t.Run(name, func(t *testing.T) {
			all := saidOf(policies.Check(policies.Input{Fleet: withRule(t, 300, rule)}))
			if len(all) != 1 || all[0].Severity != hcl.DiagError || !strings.Contains(all[0].Summary, "cannot be judged") || all[0].Subject == nil {
				t.Errorf("%v", all)
			}
		})
	}
	for name, rule := range map[string]string{
		"depth":  "condition = length([for a in real_servers : [for b in real_servers : [for c in real_servers : 1]]]) == 0",
		"ranges": "condition = length([for a in range(1000) : [for b in range(1000) : range(1000)]]) == 0",
	} {
		t.Run(name, func(t *testing.T) {
			if fleet, diags := ruled(20, rule); fleet != nil || len(diags) == 0 {
				t.Error("it was loaded")
			}
		})
	}
}

// The clock of the caller ends what the steps did not.
func TestExpired(t *testing.T) {
	asked := 0
	in := policies.Input{Fleet: withRule(t, 100, "for_each = real_servers\ncondition = each.value.weight >= 0"), Expired: func() bool { asked++; return asked > 10 }}
	all := saidOf(policies.Check(in))
	if len(all) != 1 || !strings.Contains(all[0].Detail, "takes too long") {
		t.Errorf("%v", all)
	}
}

// Of many findings some are said, and the others counted.
func TestManyFindings(t *testing.T) {
	all := saidOf(policies.Check(policies.Input{Fleet: withRule(t, 100, "for_each = real_servers\ncondition = each.value.weight < 0")}))
	if len(all) != 21 || all[20].Summary != "rule: and 980 more" || all[0].Severity != hcl.DiagWarning {
		t.Errorf("%d, the last %v", len(all), all[len(all)-1])
	}
}

// BenchmarkOwn asks one rule of each kind about 100,000 real servers.
func BenchmarkOwn(b *testing.B) {
	for name, rule := range map[string]string{
		"elements": "for_each = real_servers\ncondition = each.value.weight <= 100",
		"nets":     "for_each = virtual_servers\ncondition = alltrue([for a in each.value.addresses : anytrue([for n in [\"10.0.0.0/9\", \"10.128.0.0/9\"] : cidrcontains(n, a)])])",
		"whole":    "condition = length([for v in virtual_servers : v if v.port != 80]) == 0",
	} {
		b.Run(name, func(b *testing.B) {
			in := policies.Input{Fleet: withRule(b, 10000, rule)}
			b.ReportAllocs()
			for b.Loop() {
				if all := saidOf(policies.Check(in)); len(all) != 0 {
					b.Fatal(all)
				}
			}
		})
	}
	b.Run("none", func(b *testing.B) {
		fleet, _, _ := spec.LoadFS(spectest.Fleet(10000, 10, 20))
		for b.Loop() {
			policies.Check(policies.Input{Fleet: fleet})
		}
	})
}
