package view

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

var (
	codis = spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.100:6379"))
	web   = spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.101:80"))
	tip   = spec.Commit{ID: "4be7d10c0ffee0000000000000000000000000aa", Author: "Ann", Email: "ann@example.org", When: now.Add(-time.Hour), Subject: "web: add rs .23"}
)

func at(line int) spec.Pos {
	return spec.Pos{File: "fleet/codis.hcl", Line: uint32(line), Col: 3, Len: 8}
}

func service(k spec.ServiceKey, scheduler string, line int) spec.Row[spec.ServiceKey, spec.Service] {
	return spec.Row[spec.ServiceKey, spec.Service]{Key: k, Value: spec.Service{Scheduler: scheduler}, Pos: at(line)}
}

func dest(k spec.ServiceKey, addr string, weight int32, line int) spec.Row[spec.DestKey, spec.Dest] {
	return spec.Row[spec.DestKey, spec.Dest]{
		Key: spec.DestKey{Service: k, Addr: netip.MustParseAddrPort(addr)}, Value: spec.Dest{Weight: weight, Forward: spec.DR}, Pos: at(line),
	}
}

func daemon(syncid uint8) spec.Rows[spec.Role, spec.Daemon] {
	return spec.Rows[spec.Role, spec.Daemon]{{Key: spec.RoleMaster, Pos: at(12), Value: spec.Daemon{
		SyncID: syncid, Interface: "eth0", Group: netip.MustParseAddr("224.0.0.81"), Port: 8848, TTL: 1, MaxLen: 1460,
	}}}
}

func state(services spec.Rows[spec.ServiceKey, spec.Service], dests spec.Rows[spec.DestKey, spec.Dest], syncid uint8) spec.State {
	services.Sort()
	dests.Sort()
	return spec.State{Services: services, Dests: dests, Daemons: daemon(syncid)}
}

// pair is a plan with something of everything: what was applied, what the commit wants, and a kernel that somebody touched.
func pair(director string) spec.Plan {
	before := state(spec.Rows[spec.ServiceKey, spec.Service]{service(codis, "wrr", 20)},
		spec.Rows[spec.DestKey, spec.Dest]{dest(codis, "192.0.2.21:6379", 3, 33), dest(codis, "192.0.2.22:6379", 1, 36)}, 10)
	live := state(spec.Rows[spec.ServiceKey, spec.Service]{service(codis, "rr", 0), service(spec.MarkService(7, spec.IPv4), "rr", 0)},
		before.Dests, 10)
	want := state(spec.Rows[spec.ServiceKey, spec.Service]{service(codis, "wrr", 20), service(web, "mh", 50)},
		spec.Rows[spec.DestKey, spec.Dest]{dest(codis, "192.0.2.21:6379", 0, 33), dest(codis, "192.0.2.23:6379", 1, 41), dest(web, "192.0.2.24:80", 1, 55)}, 11)
	return reconcile.NewPlan(reconcile.PlanInput{
		Director: director, Commit: tip, Want: want, Prior: &before, Live: live, Owned: reconcile.Owned{}.Claim(before),
		Holds: []spec.Hold{{Key: spec.DestKey{Service: web, Addr: netip.MustParseAddrPort("192.0.2.24:80")}, Why: "waiting for lb1", Until: now.Add(time.Minute)}},
	})
}

func pairDiff(director string, role spec.Role) DirectorDiff {
	d := NewDirectorDiff(pair(director), map[string]time.Time{codis.String(): now.Add(-14 * time.Minute)})
	d.From = "9f3c2a1"
	d.Roles = RolesOf(map[string]spec.Role{"codis_6379": role, "web": spec.RoleUnknown})
	return d
}

func TestDiff(t *testing.T) {
	both(t, "diff", NewDiff(now, []DirectorDiff{pairDiff("lb2", spec.RoleBackup)}))
	text(t, "diff_color.txt", NewDiff(now, []DirectorDiff{pairDiff("lb2", spec.RoleBackup)}), true)
	text(t, "diff_two.txt", NewDiff(now, []DirectorDiff{pairDiff("lb2", spec.RoleBackup), pairDiff("lb1", spec.RoleMaster)}), false)
}

func TestDiffInSync(t *testing.T) {
	d := NewDirectorDiff(reconcile.NewPlan(reconcile.PlanInput{Director: "lb1", Commit: tip}), nil)
	d.From = "4be7d10"
	both(t, "diff_in_sync", NewDiff(now, []DirectorDiff{d}))
}

func TestLargeDiffIsCounted(t *testing.T) {
	var want spec.State
	for i := range 130 {
		k := spec.AddrService(spec.TCP, netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), 80))
		want.Services = append(want.Services, service(k, "rr", i+1))
		want.Dests = append(want.Dests, dest(k, "198.51.100.1:80", 1, i+1), dest(k, "198.51.100.2:80", 1, i+1))
	}
	d := NewDirectorDiff(reconcile.NewPlan(reconcile.PlanInput{Director: "lb1", Commit: tip, Want: want}), nil)
	d.From = "live"
	doc := NewDiff(now, []DirectorDiff{d})
	text(t, "diff_large.txt", doc, false)
	doc.Full = true
	var b bytes.Buffer
	if err := (&Printer{Out: &b}).Print(doc); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "+   real server"); n != 260 {
		t.Errorf("--full lists %d real servers, want 260", n)
	}
}

// A subject comes from whoever could push. It must not reach the terminal as an escape sequence.
func TestHostileTextIsHarmless(t *testing.T) {
	for _, hostile := range []string{"\x1b[2J", "a\rb", "\u202eevil", "\u009b31m"} {
		for _, r := range fmt.Sprint(Plain.In(hostile).Text) {
			if r < ' ' || r == 0x9b || r == 0x202e {
				t.Errorf("%q is printed as %q", hostile, Plain.In(hostile).Text)
			}
		}
	}
}
