package reconcile_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// receiving is the backup lb1, whose daemon a commit started anew, and the master lb2, which sent it 5 connections.
type receiving struct {
	view   spec.View
	facts  spec.Facts
	master *spec.PeerReport
	heard  []spec.SyncSpeaker
}

var (
	committed = time.Unix(1000, 0)
	lb2       = netip.MustParseAddr("192.0.2.12")
)

func newReceiving() *receiving {
	iface, syncid, group := "eth0", uint8(12), netip.MustParseAddr("224.0.0.81")
	daemon := spec.Daemon{SyncID: 12, Interface: "eth0", Group: group, Port: 8848}
	v := routineView(spec.ConnectionSync{SyncID: spec.PerDirector[uint8]{All: &syncid}, Interface: spec.PerDirector[string]{All: &iface}, Group: group, Port: 8848})
	r := &receiving{view: v, master: &spec.PeerReport{
		Roles: map[string]spec.Role{"web": spec.RoleMaster}, Sources: []netip.Addr{lb2},
		Daemons:  spec.Rows[spec.Role, spec.Daemon]{{Key: spec.RoleMaster, Value: daemon}},
		Coverage: map[string]spec.Coverage{"lb1": {Receiver: "run.2", Total: 5, Sampled: 5, Tries: 1}},
	}, heard: []spec.SyncSpeaker{{Addr: lb2, Interface: "eth0", Group: group, Port: 8848, SyncID: 12, Last: committed.Add(time.Second)}}}
	r.facts = spec.Facts{Now: committed, Receiver: "run.2", Daemons: spec.Rows[spec.Role, spec.Daemon]{{Key: spec.RoleBackup, Value: daemon}},
		Peers: map[string]spec.PeerFact{"lb2": {Report: r.master}}}
	return r
}

func (r *receiving) unmet(before spec.Vitals) string {
	var words []string
	now := spec.Vitals{Taken: committed.Add(2 * time.Second), Receiver: r.facts.Receiver, Received: reconcile.Receptions(r.view, r.facts, r.heard)}
	for _, u := range reconcile.Judge(before, now, spec.Confirm{}) {
		words = append(words, u.String())
	}
	return strings.Join(words, "\n")
}

func TestReceivingIsProbed(t *testing.T) {
	const nothing = "receiving lb2: it sent its 5 connections, and none of its messages was heard here"
	deaf := func(r *receiving) { r.heard = nil }
	for name, c := range map[string]struct {
		alter  []func(*receiving)
		before func(*spec.Vitals)
		want   string
	}{
		"heard":                              {},
		"nothing was heard":                  {alter: []func(*receiving){deaf}, want: nothing},
		"heard before the commit alone":      {alter: []func(*receiving){func(r *receiving) { r.heard[0].Last = committed.Add(-time.Second) }}, want: nothing},
		"heard with another syncid":          {alter: []func(*receiving){func(r *receiving) { r.heard[0].SyncID = 11 }}, want: nothing},
		"heard on another interface":         {alter: []func(*receiving){func(r *receiving) { r.heard[0].Interface = "eth1" }}, want: nothing},
		"a stranger was heard":               {alter: []func(*receiving){func(r *receiving) { r.heard[0].Addr = netip.MustParseAddr("192.0.2.99") }}, want: nothing},
		"over the bridge any syncid will do": {alter: []func(*receiving){func(r *receiving) { r.heard[0].SyncID, r.facts.Daemons[0].Value.SyncID = 11, 0 }}},
		"the daemon was not touched":         {alter: []func(*receiving){deaf}, before: func(v *spec.Vitals) { v.Receiver = "run.2" }},
		"no daemon ran before":               {alter: []func(*receiving){deaf}, before: func(v *spec.Vitals) { v.Receiver = "" }},
		"it was so before":                   {alter: []func(*receiving){deaf}, before: func(v *spec.Vitals) { v.Received = map[string]spec.Reception{"lb2": {Connections: 5}} }},
		"it was heard before": {alter: []func(*receiving){deaf}, before: func(v *spec.Vitals) {
			v.Received = map[string]spec.Reception{"lb2": {Connections: 5, Heard: committed}}
		}, want: nothing + " (before: heard)"},
		"the master has no connections":          {alter: []func(*receiving){deaf, func(r *receiving) { r.master.Coverage["lb1"] = spec.Coverage{Receiver: "run.2", Tries: 1} }}},
		"the master has not sent yet":            {alter: []func(*receiving){deaf, func(r *receiving) { r.master.Coverage["lb1"] = spec.Coverage{Receiver: "run.1", Total: 5} }}},
		"the master has yet to change group":     {alter: []func(*receiving){deaf, func(r *receiving) { r.master.Daemons[0].Value.Group = netip.MustParseAddr("224.0.0.82") }}},
		"the master has yet to change device":    {alter: []func(*receiving){deaf, func(r *receiving) { r.master.Daemons[0].Value.Interface = "eth1" }}},
		"the master does not answer":             {alter: []func(*receiving){deaf, func(r *receiving) { mute(&r.facts) }}},
		"the other director is a backup as well": {alter: []func(*receiving){deaf, func(r *receiving) { r.master.Roles["web"] = spec.RoleBackup }}},
	} {
		t.Run(name, func(t *testing.T) {
			r, before := newReceiving(), spec.Vitals{Taken: committed, Receiver: "run.1"}
			for _, alter := range c.alter {
				alter(r)
			}
			if c.before != nil {
				c.before(&before)
			}
			if got := r.unmet(before); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
