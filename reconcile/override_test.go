package reconcile_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func webServer(n string) spec.DestKey {
	return spec.DestKey{Service: spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.1:80")), Addr: netip.MustParseAddrPort(n + ":80")}
}

func overriding(director string, k spec.DestKey, weight int32, at, until time.Duration) spec.Override {
	return spec.Override{Director: director, Key: k, Weight: weight, Reason: "test", At: noon.Add(at), Until: noon.Add(until)}
}

func TestWantOverridden(t *testing.T) {
	a, b, none := webServer("192.0.2.21"), webServer("192.0.2.22"), webServer("192.0.2.99")
	v := driftingView(spec.DriftRules{}, spec.DriftRules{})
	for _, c := range []struct {
		name      string
		overrides []spec.Override
		want      [2]int32 // of a and b
		hold      int
	}{
		{"none", nil, [2]int32{1, 1}, 0},
		{"one", []spec.Override{overriding("lb1", a, 0, -time.Hour, time.Hour)}, [2]int32{0, 1}, 1},
		{"one that is over", []spec.Override{overriding("lb1", a, 0, -time.Hour, 0)}, [2]int32{1, 1}, 0},
		{"of another director", []spec.Override{overriding("lb2", b, 9, -time.Hour, time.Hour)}, [2]int32{1, 9}, 1},
		{"the newest holds", []spec.Override{overriding("lb1", a, 5, -time.Hour, time.Hour), overriding("lb2", a, 6, -time.Minute, time.Hour), overriding("lb3", a, 7, -2*time.Hour, time.Hour)}, [2]int32{6, 1}, 1},
		{"the newest is over", []spec.Override{overriding("lb1", a, 5, -time.Hour, time.Hour), overriding("lb2", a, 6, -time.Minute, 0)}, [2]int32{5, 1}, 1},
		{"made at once: all directors agree", []spec.Override{overriding("lb2", a, 6, 0, time.Hour), overriding("lb1", a, 5, 0, time.Hour)}, [2]int32{5, 1}, 1},
		{"no such real server", []spec.Override{overriding("lb1", none, 5, 0, time.Hour)}, [2]int32{1, 1}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, _ := reconcile.Want(v, spec.Facts{Now: noon, Overrides: c.overrides})
			if got := [2]int32{want.Dests[0].Value.Weight, want.Dests[1].Value.Weight}; got != c.want || len(want.Overrides) != c.hold || len(want.Dests) != 4 {
				t.Errorf("weights %v, overrides %+v", got, want.Overrides)
			}
		})
	}
}

// What an override does and undoes is neither drift nor the commit's; what somebody changes meanwhile is drift.
func TestReasonOfOverrides(t *testing.T) {
	k := webServer("192.0.2.21")
	v := driftingView(spec.DriftRules{RealServers: spec.DriftOff}, spec.DriftRules{})
	plain, _ := reconcile.Want(v, spec.Facts{Now: noon})
	over, _ := reconcile.Want(v, spec.Facts{Now: noon, Overrides: []spec.Override{overriding("lb1", k, 0, 0, time.Hour)}})
	other, _ := reconcile.Want(v, spec.Facts{Now: noon, Overrides: []spec.Override{overriding("lb1", k, 0, 0, time.Hour)}})
	other.Dests[0].Value.Upper = 5
	reasons := func(want, prior, live spec.State) (out []spec.Reason) {
		p := reconcile.NewPlan(reconcile.PlanInput{Want: want, Prior: &prior, Live: live, Owned: reconcile.Owned{}.Claim(want)})
		for _, s := range p.Steps {
			for _, c := range s.Changes {
				out = append(out, c.Reason)
			}
		}
		return out
	}
	for _, c := range []struct {
		name              string
		want, prior, live spec.State
		reason            spec.Reason
	}{
		{"set", over, plain, plain, spec.ByOverride},
		{"ended", plain, over, over, spec.ByOverride},
		{"changed by hand", over, over, plain, spec.ByDrift},
		{"the commit changes more", other, plain, plain, spec.ByCommit},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := reasons(c.want, c.prior, c.live); len(got) != 1 || got[0] != c.reason {
				t.Errorf("%v, want %v", got, c.reason)
			}
		})
	}
}
