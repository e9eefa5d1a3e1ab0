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

// A boost takes the place of the threshold for a while, on the master alone.
func TestBoostEnds(t *testing.T) {
	ts := newTables()
	ts.large = "too large"
	onPairWith(t, ts, func(p *pair) {
		p.both("a")
		if got := p.threshold("lb1"); got != "0 1" {
			p.t.Errorf("the master's sync_threshold is %q in a boost", got)
		}
		if got := p.threshold("lb2"); got != "2 50" {
			p.t.Errorf("the backup's sync_threshold is %q", got)
		}
		p.pass(boostFor + 20*time.Second)
		if got := p.threshold("lb1"); got != "2 50" {
			p.t.Errorf("sync_threshold is %q after the boost", got)
		}
		if s := p.on("lb1"); len(s.Holds)+len(s.Failures) > 0 {
			p.t.Errorf("holds %+v, failures %+v", s.Holds, s.Failures)
		}
	})
}

// An agent that is killed in a boost puts the threshold right when it is there again.
func TestBoostEndsAfterACrash(t *testing.T) {
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
		if got := p.threshold("lb1"); got != "2 50" {
			p.t.Errorf("sync_threshold is %q after the crash", got)
		}
	})
}
