package view

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

const (
	webInstance  = "vrrp-instance --instance web --interface eth0 --routerid 80 --version 3 --family ipv4 --priority 100 --interval 1s --preempt true --group 224.0.0.18 --downadverts 3 --announce.repeat 5\n"
	mailInstance = "vrrp-instance --instance mail --interface eth0 --routerid 25 --version 2 --family ipv4 --priority 100 --interval 1s --unicast true --source 192.0.2.11 --ttlmin 255 --ttlmax 255 --secret vrrp --downadverts 3 --announce.repeat 5 --announce.delay 5s --announce.lowerpriority true\n"
	webHolds     = "virtual-address --instance web --prefix 192.0.2.100/24 --device eth0 --scope global\nvirtual-rule --instance web --name r --fwmark 7 --table 100 --priority 10\n"
)

func parsed(t *testing.T, text string) spec.State {
	t.Helper()
	s, err := reconciletest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rest is all kinds of rows that belong to an instance.
const rest = `
vrrp-peer --instance mail --addr 192.0.2.12 --director lb2
virtual-address --instance mail --prefix 192.0.2.25/32 --device eth0 --scope global
virtual-route --instance mail --to 198.51.100.0/24 --table 254 --metric 5 --via 192.0.2.1
vrrp-tracker --instance mail --watch script --name smtp --weight -10 --interval 1s --timeout 1s --rise 1 --fall 3 --command /usr/bin/check,-x
vrrp-tracker --instance web --watch file --name /run/drain --interval 2s
sync-role --instance mail --daemon.syncid 11 --daemon.interface eth0 --daemon.group 224.0.0.81 --daemon.port 8848 --daemon.ttl 1 --daemon.maxlen 1472
`

func TestDiffOfVRRP(t *testing.T) {
	before := parsed(t, webInstance+webHolds+"virtual-address --instance web --prefix 192.0.2.101/24 --device eth0 --scope global\nvrrp-tracker --instance web --watch file --name /run/drain --interval 1s\n")
	live := parsed(t, strings.ReplaceAll(webInstance+webHolds, "--table 100", "--table 101")+"virtual-address --instance web --prefix 192.0.2.101/24 --device eth0 --scope global\nvrrp-tracker --instance web --watch file --name /run/drain --interval 1s\n")
	want := parsed(t, webInstance+webHolds+mailInstance+rest)
	d := NewDirectorDiff(reconcile.NewPlan(reconcile.PlanInput{Director: "lb1", Commit: tip, Want: want, Prior: &before, Live: live}), nil)
	d.From = "9f3c2a1"
	both(t, "diff_vrrp", NewDiff(now, []DirectorDiff{d}))
}

// What instances would do to each other is said: a transition.
func TestDiffOfTransition(t *testing.T) {
	before := parsed(t, webInstance+webHolds)
	want := parsed(t, strings.Replace(webInstance, "--priority 100", "--priority 90", 1)+webHolds)
	d := NewDirectorDiff(reconcile.NewPlan(reconcile.PlanInput{Director: "lb1", Commit: tip, Want: want, Prior: &before, Live: before}), nil)
	d.From = "9f3c2a1"
	text(t, "diff_transition.txt", NewDiff(now, []DirectorDiff{d}), false)
}

// What `snapshot` writes, a diff elsewhere reads.
func TestSnapshotHasVRRP(t *testing.T) {
	live := parsed(t, webInstance+webHolds+mailInstance+rest)
	var b bytes.Buffer
	if err := (&Printer{Out: &b}).Print(NewSnapshot(spec.Snapshot{Version: spec.DocumentVersion, Director: "lb1", Live: live})); err != nil {
		t.Fatal(err)
	}
	back, err := ReadSnapshot(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := reconciletest.Format(back.Live), reconciletest.Format(live); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if p := reconcile.NewPlan(reconcile.PlanInput{Want: live, Live: back.Live}); p.Changes() > 0 {
		t.Error(p.Steps)
	}
}

// The settings of an instance can be told apart in the journal's text, so `audit show` names the one that changed.
func TestAuditOfVRRP(t *testing.T) {
	before := parsed(t, mailInstance).VRRP.Instances[0].Value
	after := before
	after.Priority, after.Secret, after.Announce.Refresh = 90, "", time.Minute
	r := journal.Record{Event: journal.Step, Kind: spec.KindInstance, Key: "mail", Before: journaled(before), After: journaled(after)}
	want := "vrrp instance mail: priority 100 → 90, announce 5 times and again after 5s and on lower priority → " +
		"5 times and again after 5s and every 1m0s 0 times and on lower priority, authentication secret \"vrrp\" → none"
	if got := happened(r, "vrrp instance mail"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// journaled is the text of settings in the journal.
func journaled(v spec.Value) string {
	var words []string
	for _, a := range v.Attrs() {
		if a.Value != "" {
			words = append(words, a.Name+"="+a.Value)
		}
	}
	return strings.Join(words, " ")
}
