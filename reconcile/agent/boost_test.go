package agent

import (
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

func (p *pair) threshold(name string) spec.Setting {
	p.t.Helper()
	row, ok := p.of[name].kernel.State().Sysctls.Find(spec.SyncThreshold)
	if !ok {
		p.t.Fatalf("%s has no sync_threshold", name)
	}
	return row.Value
}

// Where the fleet says nothing of sync_threshold, a boost takes its place for a while and gives it back.
func TestBoostGivesBackWhatItWas(t *testing.T) {
	ts := newTables()
	ts.large = "too large"
	onPairWith(t, ts, func(p *pair) {
		p.both("a")
		if got := p.threshold("lb1"); got != "0 1" {
			p.t.Errorf("the master's sync_threshold is %q in a boost", got)
		}
		if got := p.threshold("lb2"); got != "3 50" {
			p.t.Errorf("the backup's sync_threshold is %q", got)
		}
		p.pass(boostFor + 20*time.Second)
		if got := p.threshold("lb1"); got != "3 50" {
			p.t.Errorf("sync_threshold is %q after the boost", got)
		}
		if s := p.on("lb1"); len(s.Holds)+len(s.Failures) > 0 {
			p.t.Errorf("holds %+v, failures %+v", s.Holds, s.Failures)
		}
	})
}

// An agent that is killed in a boost gives it back when it is there again: what it was is on disk.
func TestBoostIsGivenBackAfterACrash(t *testing.T) {
	ts := newTables()
	ts.large = "too large"
	onPairWith(t, ts, func(p *pair) {
		p.both("a")
		if got := p.threshold("lb1"); got != "0 1" {
			p.t.Fatalf("sync_threshold is %q in a boost", got)
		}
		r := p.of["lb1"]
		r.end()
		ts.set(func() { ts.large = "" })
		r.cfg.Run = "another"
		r.start()
		p.pass(20 * time.Second)
		if got := p.threshold("lb1"); got != "3 50" {
			p.t.Errorf("sync_threshold is %q after the crash", got)
		}
		if r.agent.held.Lent != nil {
			p.t.Error("what was given back is still remembered")
		}
	})
}

// What cannot be written down is not altered, and status says why.
func TestBoostIsNotBegunWhatCouldNotBeKept(t *testing.T) {
	ts := newTables()
	onPairWith(t, ts, func(p *pair) {
		p.both("a")
		r := p.of["lb1"]
		unblock := []func(){r.block("held.0"), r.block("held.1")}
		ts.set(func() { ts.large = "too large" })
		if _, err := r.do(spec.SyncNow, "", 0); err != nil {
			p.t.Fatal(err)
		}
		p.pass(20 * time.Second)
		if got := p.threshold("lb1"); got != "3 50" {
			p.t.Errorf("sync_threshold is %q", got)
		}
		s := p.on("lb1")
		if s.Disk == nil || len(s.Holds) != 1 || s.Holds[0].Key != string(spec.SyncThreshold) {
			p.t.Errorf("disk %+v, holds %+v", s.Disk, s.Holds)
		}
		for _, f := range unblock {
			f()
		}
		p.pass(40 * time.Second)
		if got := p.threshold("lb1"); got != "0 1" {
			p.t.Errorf("sync_threshold is %q when the disk can be written again", got)
		}
	})
}
