package reconcile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// wantedIDs prints the syncids that a director of company wants, as "MASTER/BACKUP", and what it says of one that waits.
func wantedIDs(v spec.View, f spec.Facts) string {
	want, holds := reconcile.Want(v, f)
	var ids, why []string
	for _, d := range want.Daemons {
		ids = append(ids, fmt.Sprint(d.Value.SyncID))
	}
	for _, h := range holds {
		if h.Key.Kind() == spec.KindSyncDaemon {
			why = append(why, h.Why)
		}
	}
	return strings.Join(append([]string{strings.Join(ids, "/")}, why...), "; ")
}

// The fleet of company wants syncid 12; 11 is the one before.
func TestBridge(t *testing.T) {
	for _, tc := range []struct {
		name, facts string
		edit        func(*spec.Cluster)
		want        string
	}{
		{"nobody else", "lb1 daemons=11/11", nil, "12/12"},
		{"nothing runs yet", "lb1\nlb2 daemons=12/12\nlb3 daemons=12/12", nil, "12/12"},
		{"nothing to do", "lb1 daemons=12/12\nlb2 daemons=12/12\nlb3 daemons=12/12", nil, "12/12"},
		{"the others send with the id before: open, and wait with sending", "lb1 daemons=11/11\nlb2 daemons=11/11\nlb3 daemons=11/11", nil,
			"11/0; syncid 11 → 12 waits for the backup daemon of lb2, which accepts only 11"},
		{"one of them has opened", "lb1 daemons=11/0\nlb2 daemons=11/0\nlb3 daemons=11/11", nil, "11/0; syncid 11 → 12 waits for the backup daemon of lb3, which accepts only 11"},
		{"all have opened: switch", "lb1 daemons=11/0\nlb2 daemons=11/0\nlb3 daemons=11/0", nil, "12/0"},
		{"the last one switches, and all send with it then: close", "lb1 daemons=11/0\nlb2 daemons=12/0\nlb3 daemons=12/12", nil, "12/12"},
		{"one is to switch yet: stay open", "lb1 daemons=12/0\nlb2 daemons=11/0\nlb3 daemons=12/12", nil, "12/0"},
		{"one that is open holds the commit before, and may close", "lb1 daemons=11/0\nlb2 daemons=11/0\nlb3 daemons=11/0 wants=11", nil,
			"11/0; syncid 11 → 12 waits for the backup daemon of lb3, which is to accept only 11 by the commit that is held there"},
		{"all have switched: close", "lb1 daemons=12/0\nlb2 daemons=12/0\nlb3 daemons=12/12", nil, "12/12"},
		{"one that fell silent sends on without its agent", "lb1 daemons=12/0\nlb2 daemons=11/0 silent=1h\nlb3 daemons=12/0", nil, "12/0"},
		{"one that fell silent listens on without its agent", "lb1 daemons=11/0\nlb2 daemons=11/11 silent=1h\nlb3 daemons=11/0", nil,
			"11/0; syncid 11 → 12 waits for the backup daemon of lb2, which accepts only 11"},
		{"it is not waited for any more, but what it sends is heard", "lb1 daemons=11/0\nlb2 daemons=11/11 silent=1h\nlb3 daemons=11/0\nreleased=b", nil, "12/0"},
		{"one was never heard: nothing that runs is changed", "lb1 daemons=11/0\nlb2 unheard\nlb3 daemons=12/0", nil,
			"11/0; syncid 11 → 12 waits until lb2 says which id its backup daemon accepts; syncid 0 → 12 waits until lb2 says which id its master daemon sends"},
		{"the same after a restart in the middle: what is open stays open", "lb1 daemons=12/0\nlb2 unheard\nlb3 unheard", nil,
			"12/0; syncid 0 → 12 waits until lb2 says which id its master daemon sends"},
		{"the same, before it opened", "lb1 daemons=11/11\nlb2 unheard\nlb3 unheard", nil,
			"11/11; syncid 11 → 12 waits until lb2 says which id its backup daemon accepts; syncid 11 → 12 waits until lb2 says which id its master daemon sends"},
		{"one holds a commit with another id, and may switch to it", "lb1 daemons=12/12\nlb2 daemons=12/0 wants=13\nlb3 daemons=12/12", nil, "12/0"},
		{"one that is about to start with another id", "lb1 daemons=12/0\nlb2 daemons=-/- wants=11\nlb3 daemons=12/12", nil, "12/0"},
		{"a machine that booted listens to all until it heard them", "lb1\nlb2 unheard\nlb3 daemons=12/12", nil, "12/0; syncid 12 waits until lb2 says which id its master daemon sends"},
		{"one that is heard on the group may be the one that was not asked yet", "lb1 daemons=12/0\nlb2 unheard\nlb3 daemons=12/12\nstranger=192.0.2.99", nil,
			"12/0; syncid 0 → 12 waits until lb2 says which id its master daemon sends"},
		{"one was never heard, and is not waited for", "lb1 daemons=12/0\nlb2 unheard silent=1h\nlb3 daemons=12/12\nreleased=b", nil, "12/12"},
		{"one is about to start with the id before", "lb1 daemons=11/0\nlb2 daemons=-/- wants=11\nlb3 daemons=11/0", nil,
			"11/0; syncid 11 → 12 waits for the backup daemon of lb2, which is to accept only 11 by the commit that is held there"},
		{"one runs no daemons", "lb1 daemons=11/11\nlb2 daemons=-/-\nlb3 daemons=12/12", nil, "12/12"},
		{"a stranger sends to the group: 0 is not safe, strict order", "lb1 daemons=11/11\nlb2 daemons=11/11\nlb3 daemons=11/11\nstranger=192.0.2.99", nil,
			"11/12; syncid 11 → 12 waits for the backup daemon of lb2, which accepts only 11"},
		{"mode follow, as backup", "lb1 roles=web:backup daemons=-/11\nlb2 daemons=11/-\nlb3 daemons=-/11", follow, "0"},
		{"mode follow, as master", "lb1 roles=web:master daemons=11/-\nlb2 daemons=-/11\nlb3 daemons=-/12", follow,
			"11; syncid 11 → 12 waits for the backup daemon of lb2, which accepts only 11"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := factsOf(t, "lb1", tc.facts)
			for i := range f.Strangers {
				d, _ := company("lb1", nil).Clusters[0].Sync.Daemon("lb1")
				f.Strangers[i].Group, f.Strangers[i].Port = d.Group, d.Port
			}
			if d := cmp.Diff(tc.want, wantedIDs(company("lb1", tc.edit), f)); d != "" {
				t.Error(d)
			}
		})
	}
}

func follow(c *spec.Cluster) { c.Sync.Mode, c.Sync.Follow = spec.SyncFollow, "web" }

// Daemons of another group or port do not hear the new ones either way: nothing is bridged.
func TestBridgeMeets(t *testing.T) {
	f := factsOf(t, "lb1", "lb1 daemons=11/11\nlb2 daemons=11/11\nlb3 daemons=11/11")
	v := company("lb1", func(c *spec.Cluster) { c.Sync.Port = 9999 })
	if got := wantedIDs(v, f); got != "12/12" {
		t.Error(got)
	}
}

func TestBridged(t *testing.T) {
	three := "lb1 daemons=11/11\nlb2 daemons=11/11\nlb3 daemons=11/11"
	for _, tc := range []struct {
		name, facts string
		edit        func(*spec.Cluster)
		want        bool
	}{
		{"everybody takes part", three, nil, true},
		{"somebody declares no endpoint", "lb1 daemons=11/11\nlb2 daemons=11/11", nil, false},
		{"mode follow", three, follow, true},
		{"no sync at all", three, func(c *spec.Cluster) { c.Sync = nil }, false},
	} {
		if got := reconcile.Bridged(company("lb1", tc.edit), factsOf(t, "lb1", tc.facts)); got != tc.want {
			t.Errorf("%s: %t", tc.name, got)
		}
	}
}
