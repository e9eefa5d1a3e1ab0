package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// covered is a coverage of 1,000 connections after a full resync.
func covered(known int) spec.Coverage {
	return spec.Coverage{Receiver: "a.1", Total: 1000, Sampled: 1000, Known: known, Tries: 3}
}

func TestUncovered(t *testing.T) {
	answers := spec.PeerFact{Report: &spec.PeerReport{Receiver: "a.1"}}
	silent := spec.PeerFact{Silent: time.Unix(1, 0), Why: "connection refused"}
	cluster := &spec.Cluster{Directors: []string{"lb1", "lb2", "lb3"}, Sync: &spec.ConnectionSync{Coverage: 99}}
	for name, c := range map[string]struct {
		cluster *spec.Cluster
		peers   map[string]spec.PeerFact
		covered map[string]spec.Coverage
		want    string // part of it
	}{
		"enough":                          {cluster, map[string]spec.PeerFact{"lb2": answers}, map[string]spec.Coverage{"lb2": covered(990)}, ""},
		"too few":                         {cluster, map[string]spec.PeerFact{"lb2": answers}, map[string]spec.Coverage{"lb2": covered(989)}, "lb2 holds 98.90 % of its 1000 connections, less than the 99 % of connection_sync"},
		"one of two has too few":          {cluster, map[string]spec.PeerFact{"lb2": answers, "lb3": answers}, map[string]spec.Coverage{"lb2": covered(1000), "lb3": covered(1)}, "lb3 holds 0.10 %"},
		"could not be compared":           {cluster, map[string]spec.PeerFact{"lb2": answers}, map[string]spec.Coverage{"lb2": {Uncompared: "too large"}}, "what lb2 holds is not known: too large"},
		"one is silent, the other has it": {cluster, map[string]spec.PeerFact{"lb2": silent, "lb3": answers}, map[string]spec.Coverage{"lb3": covered(1000)}, ""},
		"the only one is silent":          {cluster, map[string]spec.PeerFact{"lb2": silent}, nil, "it does not answer (connection refused)"},
		"nothing was sent":                {cluster, map[string]spec.PeerFact{"lb2": answers}, nil, "nothing was sent to lb2"},
		"nobody can be asked":             {cluster, nil, nil, ""},
		"not looked at":                   {&spec.Cluster{Directors: cluster.Directors, Sync: &spec.ConnectionSync{}}, map[string]spec.PeerFact{"lb2": silent}, nil, ""},
		"no connection sync":              {&spec.Cluster{Directors: cluster.Directors}, map[string]spec.PeerFact{"lb2": silent}, nil, ""},
		"no such instance":                {nil, map[string]spec.PeerFact{"lb2": silent}, nil, ""},
	} {
		got := reconcile.Uncovered(c.cluster, "lb1", spec.Facts{Peers: c.peers}, c.covered)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A director waits with preemption for the coverage that the fleet asks for, and its wanted state is worked out anew when that is there.
func TestPreemptionWaitsForCoverage(t *testing.T) {
	iface, syncid, priority := "eth0", uint8(11), uint8(101)
	c := spec.Cluster{Name: "web", Directors: []string{"lb1", "lb2"},
		Sync: &spec.ConnectionSync{SyncID: spec.PerDirector[uint8]{All: &syncid}, Interface: spec.PerDirector[string]{All: &iface}, Coverage: 99},
		Instances: []spec.Placed[spec.VRRPInstance]{{Def: &spec.VRRPInstance{Name: "web", Preempt: true,
			Interface: spec.PerDirector[string]{All: &iface}, Priority: spec.PerDirector[uint8]{All: &priority}}}}}
	v := spec.View{Director: spec.Placed[spec.Director]{Def: &spec.Director{Name: "lb1"}}, Clusters: []spec.Cluster{c}}
	facts := func(cov spec.Coverage) spec.Facts {
		return spec.Facts{Receiver: "a.1", Roles: map[string]spec.Role{"web": spec.RoleBackup}, Peers: map[string]spec.PeerFact{"lb2": {Report: &spec.PeerReport{
			Roles: map[string]spec.Role{"web": spec.RoleMaster}, Coverage: map[string]spec.Coverage{"lb1": cov}}}}}
	}
	for name, c := range map[string]struct {
		cov  spec.Coverage
		hold string
	}{
		"enough":                {covered(990), ""},
		"too few":               {covered(900), "lb2 is master, and this director knows 90.00 % of its 1000 connections, less than the 99 % of connection_sync"},
		"could not be compared": {spec.Coverage{Receiver: "a.1", Tries: 3, Sampled: 1, Uncompared: "too large"}, ""},
		"never sent":            {spec.Coverage{}, "lb2 is master, and its connections are not all known here yet"},
	} {
		state, holds := reconcile.Want(v, facts(c.cov))
		why := ""
		for _, h := range holds {
			if h.Field == "preempt" {
				why = h.Why
			}
		}
		if preempts := state.VRRP.Instances[0].Value.Preempt; preempts != (c.hold == "") || !strings.HasPrefix(why, c.hold) || c.hold == "" && why != "" {
			t.Errorf("%s: preempts %t, held %q; want %q", name, preempts, why, c.hold)
		}
	}
	if reconcile.Basis(v, facts(covered(900))) == reconcile.Basis(v, facts(covered(990))) {
		t.Error("what is wanted depends on the coverage, and its basis does not")
	}
}
