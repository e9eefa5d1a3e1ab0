package agent

import (
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

const activeFleet = "vrrp web 101 100\nvrrp db 100 101\npool checked\n80 wrr 21=1 22=1\n90 wrr 31=1 32=1\n"

// activeLoader has the service on port 90 at the address of the instance "db".
func activeLoader(fsys fs.FS) (*spec.Fleet, hcl.Diagnostics) {
	fleet, diags := pairLoader(fsys)
	if fleet == nil {
		return nil, diags
	}
	c := &fleet.Clusters[0]
	c.Instances[1].Def.VirtualRouterID, c.Instances[1].Def.Addresses[0].Prefix = 80, netip.MustParsePrefix("192.0.2.2/32")
	for _, v := range c.VirtualServers {
		if v.Def.Name == "90" {
			v.Def.Addresses = []netip.Addr{netip.MustParseAddr("192.0.2.2")}
		}
	}
	return fleet, diags
}

// onActive has lb1 hold a commit in part: it is master of "web", whose changes wait for lb2, which is suspended.
func onActive(t *testing.T, next string, f func(p *pair, lb1 *rig)) {
	synctest.Test(t, func(t *testing.T) {
		p := gathered(t, activeLoader, "lb1", "lb2")
		p.of["lb1"].vrrp.roles = map[string]spec.Role{"web": spec.RoleMaster, "db": spec.RoleBackup}
		p.of["lb2"].vrrp.roles = map[string]spec.Role{"web": spec.RoleBackup, "db": spec.RoleMaster}
		p.commit("a", "", activeFleet)
		p.each((*rig).start)
		p.both("a")
		if _, err := p.of["lb2"].do(spec.Suspend, "", 24*time.Hour); err != nil {
			t.Fatal(err)
		}
		p.commit("b", "a", next)
		p.pass(time.Minute)
		p.of["lb1"].phase(spec.Waiting)
		f(p, p.of["lb1"])
		p.each((*rig).end)
	})
}

// serves checks which real servers there are, as "21=1 22=1": host and weight.
func (r *rig) serves(want string) {
	r.t.Helper()
	var got []string
	for _, d := range r.kernel.State().Dests {
		got = append(got, fmt.Sprintf("%d=%d", d.Key.Addr.Addr().As4()[3], d.Value.Weight))
	}
	if g := strings.Join(got, " "); g != want {
		r.t.Errorf("it has %s, want %s", g, want)
	}
}

// A verdict brings no real server into a service for which the commit that adds it waits; those that are in by the commit come and go.
func TestVerdictStaysBehindTheGate(t *testing.T) {
	next := strings.NewReplacer("21=1 22=1", "21=1 23=1", "31=1", "31=2 33=1").Replace(activeFleet)
	onActive(t, next, func(p *pair, lb1 *rig) {
		lb1.serves("21=1 22=1 31=2 32=1 33=1")
		for _, restart := range []bool{false, true} {
			if restart {
				lb1.end()
				lb1.start()
				lb1.check("23", spec.CheckUp)
				lb1.pass(time.Minute)
			}
			lb1.check("23", spec.CheckDown)
			lb1.check("23", spec.CheckUp)
			lb1.serves("21=1 22=1 31=2 32=1 33=1")
			for _, host := range []string{"21", "33"} {
				lb1.check(host, spec.CheckDown)
				lb1.serves(map[string]string{"21": "22=1 31=2 32=1 33=1", "33": "21=1 22=1 31=2 32=1"}[host])
				lb1.check(host, spec.CheckUp)
				lb1.serves("21=1 22=1 31=2 32=1 33=1")
			}
		}
		if _, err := p.of["lb2"].do(spec.Resume, "", 0); err != nil {
			t.Fatal(err)
		}
		p.both("b")
		lb1.serves("21=1 23=1 31=2 32=1 33=1")
	})
}
