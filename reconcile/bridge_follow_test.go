package reconcile_test

import (
	"net/netip"
	"testing"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// A director that is in several clusters has one daemon of each role, and all clusters have a say.
func TestBridgeOfSeveralClusters(t *testing.T) {
	iface, syncid, group := "eth0", uint8(12), netip.MustParseAddr("224.0.0.81")
	pair := func(name, other string) spec.Cluster {
		return spec.Cluster{Name: name, Directors: []string{"lb1", other}, Sync: &spec.ConnectionSync{
			SyncID: spec.PerDirector[uint8]{All: &syncid}, Interface: spec.PerDirector[string]{All: &iface}, Group: group, Port: 8848}}
	}
	daemon := func(id uint8) spec.Daemon { return spec.Daemon{SyncID: id, Interface: iface, Group: group, Port: 8848} }
	runs := func(master, backup uint8) spec.PeerFact {
		return spec.PeerFact{Report: &spec.PeerReport{Daemons: spec.Rows[spec.Role, spec.Daemon]{
			{Key: spec.RoleMaster, Value: daemon(master)}, {Key: spec.RoleBackup, Value: daemon(backup)}}}}
	}
	view := spec.View{Director: spec.Placed[spec.Director]{Def: &spec.Director{Name: "lb1"}}, Clusters: []spec.Cluster{pair("a", "lb2"), {Name: "none"}, pair("b", "lb3")}}
	stranger := []spec.SyncSpeaker{{Group: group, Port: 8848}}
	for name, c := range map[string]struct {
		peers          map[string]spec.PeerFact
		strangers      []spec.SyncSpeaker
		bridged        bool
		master, backup uint8 // syncids that are wanted
	}{
		"both are through":                  {map[string]spec.PeerFact{"lb2": runs(12, 12), "lb3": runs(12, 12)}, nil, true, 12, 12},
		"the second one sends as before":    {map[string]spec.PeerFact{"lb2": runs(12, 12), "lb3": runs(11, 0)}, nil, true, 12, 0},
		"the second one hears only the old": {map[string]spec.PeerFact{"lb2": runs(12, 12), "lb3": runs(12, 11)}, nil, true, 11, 12},
		"the second one is not exchanged":   {map[string]spec.PeerFact{"lb2": runs(12, 12)}, nil, false, 12, 12},
		"a stranger":                        {map[string]spec.PeerFact{"lb2": runs(11, 12), "lb3": runs(12, 12)}, stranger, false, 12, 12},
	} {
		f := spec.Facts{Peers: c.peers, Strangers: c.strangers, Daemons: spec.Rows[spec.Role, spec.Daemon]{{Key: spec.RoleMaster, Value: daemon(11)}, {Key: spec.RoleBackup, Value: daemon(11)}}}
		if got := reconcile.Bridged(view, f); got != c.bridged {
			t.Errorf("%s: bridged is %t", name, got)
		}
		state, _ := reconcile.Want(view, f)
		master, _ := state.Daemons.Find(spec.RoleMaster)
		backup, _ := state.Daemons.Find(spec.RoleBackup)
		if master.Value.SyncID != c.master || backup.Value.SyncID != c.backup {
			t.Errorf("%s: master %d, backup %d; want %d and %d", name, master.Value.SyncID, backup.Value.SyncID, c.master, c.backup)
		}
	}
}
