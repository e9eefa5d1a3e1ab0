package policies_test

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/spectest"
)

// changing is a fleet with all that rules look at: as it was accepted, and as a commit has it in which each virtual server has a new
// real server before the others, so that none stands where it stood; and facts of all directors.
func changing(b *testing.B, services, clusters int) policies.Input {
	b.Helper()
	was, now := load(b, services, clusters, ""), load(b, services, clusters, "    real_server \"172.31.0.1\" { weight = 1 }\n")
	in := policies.Input{Fleet: now, Facts: map[string]spec.HostFacts{}}
	eth0 := spec.PortFact{Up: true, Prefixes: []netip.Prefix{netip.MustParsePrefix("192.0.2.11/24"), netip.MustParsePrefix("172.16.0.1/12")}}
	for _, d := range was.Directors {
		v, _ := was.Director(d.Def.Name)
		in.Priors = append(in.Priors, v)
		in.Facts[d.Def.Name] = spec.HostFacts{Ports: map[string]spec.PortFact{"eth0": eth0}, Roles: map[string]spec.Role{"i000_000": spec.RoleBackup}}
	}
	return in
}

// load is a generated fleet with an instance for each 50 services, and more real servers.
func load(b *testing.B, services, clusters int, more string) *spec.Fleet {
	b.Helper()
	files := spectest.Fleet(services, 10, clusters)
	for c := range clusters {
		f := files[fmt.Sprintf("cluster%03d.hcl", c)]
		text := strings.ReplaceAll(string(f.Data), "scheduler  = \"wrr\"\n    forwarding = \"dr\"\n\n", "scheduler  = \"mh\"\n    forwarding = \"dr\"\n"+more)
		f.Data = []byte(strings.Replace(text, "  connection_sync {", instances(c, services*c/clusters, services*(c+1)/clusters)+"  connection_sync {", 1))
	}
	fleet, _, diags := spec.LoadFS(files)
	if fleet == nil {
		b.Fatal(diags)
	}
	return fleet
}

func instances(c, from, to int) string {
	var out strings.Builder
	for n := 0; from < to; n++ {
		fmt.Fprintf(&out, "  vrrp_instance \"i%03d_%03d\" {\n    interface = \"eth0\"\n    virtual_router_id = %d\n    priority = { c%03da = 101, c%03db = 100 }\n", c, n, 1+c+n, c, c)
		for end := min(from+50, to); from < end; from++ {
			fmt.Fprintf(&out, "    virtual_address \"%s/32\" {}\n", spectest.VIP(from))
		}
		out.WriteString("  }\n")
	}
	return out.String()
}

// BenchmarkCheck asks all rules.
func BenchmarkCheck(b *testing.B) {
	for _, size := range []struct{ services, clusters int }{{1000, 20}, {3000, 60}, {10000, 1}, {10000, 200}} {
		b.Run(fmt.Sprintf("services=%d/clusters=%d", size.services, size.clusters), func(b *testing.B) {
			in := changing(b, size.services, size.clusters)
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				if out := policies.Check(in); out.Diags.HasErrors() {
					b.Fatal(out.Diags)
				}
			}
			perServer(b, size.services, before)
		})
	}
}

// BenchmarkRule asks each rule by itself: the time for one virtual server stays what it is while there are more of them.
func BenchmarkRule(b *testing.B) {
	for _, p := range policies.All() {
		b.Run(p.Name(), func(b *testing.B) {
			for _, services := range []int{1000, 3000, 10000} {
				b.Run(fmt.Sprintf("services=%d", services), func(b *testing.B) {
					in := changing(b, services, services/50)
					b.ReportAllocs()
					before := cpu(b)
					for b.Loop() {
						fresh := in // what rules share is worked out anew
						p.Check(&fresh)
					}
					perServer(b, services, before)
				})
			}
		})
	}
}

// perServer reports the processor's time for one virtual server, which other work on the machine disturbs little.
func perServer(b *testing.B, services int, before time.Duration) {
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/float64(services), "cpu-ns/virtual_server")
}

// cpu is the time that the processor spent for this process.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
