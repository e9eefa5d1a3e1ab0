package reconcile_test

import (
	"strings"
	"testing"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// Preemption waits until the living master's connections are known here.
func TestColdDoesNotPreempt(t *testing.T) {
	for _, tc := range []struct {
		name, facts string
		edit        func(*spec.Cluster)
		why         string
	}{
		{"nobody else", "lb1 roles=web:backup", nil, ""},
		{"it is master itself", "lb1 roles=web:master receiver=r1\nlb2 roles=web:master", nil, ""},
		{"nobody was asked yet", "lb1 roles=web:backup receiver=r1\nlb2 unheard", nil, "lb2 has not been asked yet whether it is master"},
		{"nobody is master", "lb1 roles=web:backup receiver=r1\nlb2 roles=web:backup\nlb3 roles=web:backup", nil, ""},
		{"the master sent nothing yet", "lb1 roles=web:backup receiver=r1\nlb2 roles=web:master", nil, "lb2 is master, and its connections are not all known here yet"},
		{"the master sent all", "lb1 roles=web:backup receiver=r1\nlb2 roles=web:master covers=lb1:r1/1000/1000/1", nil, ""},
		{"nearly all is enough", "lb1 roles=web:backup receiver=r1\nlb2 roles=web:master covers=lb1:r1/999/1000/1", nil, ""},
		{"some are missing", "lb1 roles=web:backup receiver=r1\nlb2 roles=web:master covers=lb1:r1/998/1000/2", nil, "lb2 is master, and its connections are not all known here yet"},
		{"more cannot be had", "lb1 roles=web:backup receiver=r1\nlb2 roles=web:master covers=lb1:r1/998/1000/3", nil, ""},
		{"what was sent went to a daemon that ran before", "lb1 roles=web:backup receiver=r2\nlb2 roles=web:master covers=lb1:r1/1000/1000/1", nil, "lb2 is master, and its connections are not all known here yet"},
		{"no backup daemon runs here", "lb1 roles=web:backup\nlb2 roles=web:master covers=lb1:/1000/1000/1", nil, "lb2 is master, and its connections are not all known here yet"},
		{"the master is silent: it may be dead", "lb1 roles=web:backup receiver=r1\nlb2 roles=web:master silent=4s", nil, ""},
		{"one that is silent and was never heard", "lb1 roles=web:backup receiver=r1\nlb2 unheard silent=4s", nil, ""},
		{"without sync there is nothing to know", "lb1 roles=web:backup\nlb2 roles=web:master", func(c *spec.Cluster) { c.Sync = nil }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want, holds := reconcile.Want(company("lb1", tc.edit), factsOf(t, "lb1", tc.facts))
			web, _ := want.VRRP.Instances.Find("web")
			why := ""
			for _, h := range holds {
				if h.Key == spec.InstanceKey("web") && h.Field == "preempt" {
					why = h.Why
				}
			}
			if why != tc.why || web.Value.Preempt != (tc.why == "") {
				t.Errorf("preempts: %t, %q; want %q", web.Value.Preempt, why, tc.why)
			}
		})
	}
}

func TestOwed(t *testing.T) {
	full := spec.Coverage{Receiver: "r2", Known: 10, Sampled: 10}
	for _, tc := range []struct {
		name, facts string
		edit        func(*spec.Cluster)
		covered     map[string]spec.Coverage
		want        string
	}{
		{"both backups have begun to listen", "lb1 roles=web:master daemons=12/12\nlb2 receiver=r2 daemons=12/12\nlb3 receiver=r3 daemons=12/0", nil, nil, "lb2 lb3"},
		{"one of them has all", "lb1 roles=web:master daemons=12/12\nlb2 receiver=r2 daemons=12/12\nlb3 receiver=r3 daemons=12/0", nil, map[string]spec.Coverage{"lb2": full}, "lb3"},
		{"its daemon was started anew", "lb1 roles=web:master daemons=12/12\nlb2 receiver=r9 daemons=12/12", nil, map[string]spec.Coverage{"lb2": full}, "lb2"},
		{"a backup owes nothing", "lb1 roles=web:backup daemons=12/12\nlb2 receiver=r2 daemons=12/12", nil, nil, ""},
		{"one that does not listen", "lb1 roles=web:master daemons=12/12\nlb2 daemons=12/-", nil, nil, ""},
		{"one that would not hear", "lb1 roles=web:master daemons=12/12\nlb2 receiver=r2 daemons=12/11", nil, nil, ""},
		{"one that is silent", "lb1 roles=web:master daemons=12/12\nlb2 receiver=r2 daemons=12/12 silent=4s", nil, nil, ""},
		{"nothing sends here", "lb1 roles=web:master daemons=-/12\nlb2 receiver=r2 daemons=12/12", nil, nil, ""},
		{"without sync", "lb1 roles=web:master daemons=12/12\nlb2 receiver=r2 daemons=12/12", func(c *spec.Cluster) { c.Sync = nil }, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := strings.Join(reconcile.Owed(company("lb1", tc.edit), factsOf(t, "lb1", tc.facts), tc.covered), " "); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

// While a backup lacks what no full resync can bring, each connection is told of with its next packet.
func TestBoost(t *testing.T) {
	v := company("lb1", func(c *spec.Cluster) { c.Sync.Sysctls = []spec.Sysctl{{Key: spec.SyncThreshold, Value: "3 50"}} })
	for boosted, want := range map[bool]spec.Setting{false: "3 50", true: "0 1"} {
		s, _ := reconcile.Want(v, spec.Facts{Boost: boosted, Roles: map[string]spec.Role{"web": spec.RoleMaster}})
		if row, ok := s.Sysctls.Find(spec.SyncThreshold); !ok || row.Value != want {
			t.Errorf("boost %t: %v", boosted, s.Sysctls)
		}
	}
}
