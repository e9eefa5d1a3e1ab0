package agent

import (
	"context"
	"io/fs"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

// tables are the connections of the directors of a test, by number. A full resync copies them at once.
type tables struct {
	mu    sync.Mutex
	of    map[string]map[uint64]bool
	deaf  map[string]bool // nothing that is sent arrives there
	busy  time.Duration   // in each resync
	large string          // why the table cannot be read
	sent  int             // resyncs
	quiet time.Time       // since when no message is heard of the other director; zero: one is heard just now
}

func newTables() *tables {
	return &tables{of: map[string]map[uint64]bool{"lb1": {}, "lb2": {}}, deaf: map[string]bool{}}
}

// open has a director direct one more connection.
func (t *tables) open(director string, n uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of[director][n] = true
}

func (t *tables) holds(director string, n uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.of[director][n]
}

// set alters what the tables do.
func (t *tables) set(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f()
}

func (t *tables) resyncs() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent
}

func (t *tables) sample(director string) (out spec.ConnSample) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for n := range t.of[director] {
		out.Hashes = append(out.Hashes, n)
	}
	out.Total = len(out.Hashes)
	return out
}

// loader is pairLoader with a routine resync.
func (t *tables) loader(fsys fs.FS) (*spec.Fleet, hcl.Diagnostics) {
	fleet, diags := pairLoader(fsys)
	if fleet != nil && fleet.Clusters[0].Sync != nil {
		s := fleet.Clusters[0].Sync
		s.Resync, s.Share, s.Coverage = 10*time.Second, 2, 99
		s.Sysctls = []spec.Sysctl{{Key: spec.SyncThreshold, Value: "2 50", Usual: true}}
	}
	return fleet, diags
}

// table is that of one director.
type table struct {
	kernelSync
	*tables
	name string
}

func (t *table) Resync(context.Context, spec.Daemon) (spec.Resynced, error) {
	own := t.sample(t.name)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent++
	if t.large != "" {
		return spec.Resynced{Partial: t.large}, nil
	}
	for name, conns := range t.of {
		for _, n := range own.Hashes {
			if !t.deaf[name] {
				conns[n] = true
			}
		}
	}
	return spec.Resynced{Connections: own.Total, Messages: 1, Busy: t.busy, Sample: own}, nil
}

func (t *table) Parting(d spec.Daemon) func(context.Context) (spec.Resynced, error) {
	return func(ctx context.Context) (spec.Resynced, error) { return t.Resync(ctx, d) }
}

// Speakers are the other director, with each syncid that a test has.
func (t *table) Speakers() (out []spec.SyncSpeaker) {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := t.quiet
	if last.IsZero() {
		last = time.Now()
	}
	for name, addr := range pairSources {
		for syncid := uint8(11); name != t.name && syncid < 20; syncid++ {
			out = append(out, spec.SyncSpeaker{Addr: addr, Interface: "eth1", SyncID: syncid, Last: last})
		}
	}
	return out
}

var pairSources = map[string]netip.Addr{"lb1": netip.MustParseAddr("192.0.2.11"), "lb2": netip.MustParseAddr("192.0.2.12")}

func (t *table) Cover(master, backup spec.ConnSample) spec.Coverage {
	has := map[uint64]bool{}
	for _, n := range backup.Hashes {
		has[n] = true
	}
	c := spec.Coverage{Total: master.Total, Sampled: master.Total}
	for _, n := range master.Hashes {
		if has[n] {
			c.Known++
		}
	}
	return c
}

// A connection of which the kernel never tells is known to the backup after the pause, and the journal does not fill up with it.
func TestMasterSendsAllFromTimeToTime(t *testing.T) {
	ts := newTables()
	ts.open("lb1", 1)
	onPairWith(t, ts, func(p *pair) {
		p.both("a")
		if !ts.holds("lb2", 1) {
			p.t.Fatal("what was there when the backup came is not known to it")
		}
		before := strings.Count(strings.Join(p.of["lb1"].events(0), "\n"), "resynced")
		ts.open("lb1", 2)
		p.pass(11 * time.Second)
		if !ts.holds("lb2", 2) {
			p.t.Error("a young connection is not known to the backup after the pause")
		}
		s := p.on("lb1")
		if s.Resynced.Connections != 2 || s.Resynced.At.IsZero() || s.Routine == nil || !s.Routine.Next.After(time.Now()) || s.Peers[0].Coverage.Known != 2 {
			p.t.Errorf("status: resynced %+v, routine %+v, peers %+v", s.Resynced, s.Routine, s.Peers)
		}
		if after := strings.Count(strings.Join(p.of["lb1"].events(0), "\n"), "resynced"); after != before {
			p.t.Errorf("%d records of resyncs, %d before", after, before)
		}
		if p.on("lb2").Routine != nil {
			p.t.Error("the backup sends too")
		}
	})
}

// What a resync takes bounds how often it comes; a table that is too large is looked at rarely, and boosted.
func TestRoutineResyncIsBounded(t *testing.T) {
	ts := newTables()
	ts.open("lb1", 1)
	onPairWith(t, ts, func(p *pair) {
		ts.set(func() { ts.busy = 2 * time.Second })
		p.pass(time.Minute) // the last quick one is over
		before := ts.resyncs()
		p.pass(10 * time.Minute)
		if n := ts.resyncs() - before; n < 5 || n > 6 {
			p.t.Errorf("%d resyncs of 2 s in 10 minutes, with a share of 2 %%", n)
		}
		ts.set(func() { ts.large = "too large" })
		p.pass(2 * time.Minute)
		before = ts.resyncs()
		p.pass(30 * time.Minute)
		if n := ts.resyncs() - before; n != 3 {
			p.t.Errorf("%d looks at a table that is too large in 30 minutes", n)
		}
		if s := p.on("lb1"); s.Routine.Off != "too large" {
			p.t.Errorf("routine %+v", s.Routine)
		}
	})
}

// A handover is refused while the backup holds less than the fleet asks for, with numbers and the way out.
func TestHandoverIsRefusedBelowTheCoverage(t *testing.T) {
	ts := newTables()
	for n := range uint64(100) {
		ts.open("lb1", n)
	}
	onPairWith(t, ts, func(p *pair) {
		p.both("a")
		ts.set(func() { ts.deaf["lb2"] = true })
		for n := range uint64(5) {
			ts.open("lb1", 1000+n)
		}
		master := p.of["lb1"]
		master.vrrp.turn(func() {
			master.vrrp.status = &spec.VRRPStatus{Instances: []spec.InstanceStatus{{Name: "web", State: spec.VRRPMaster}}}
		})
		hand := spec.Command{Verb: spec.Handover, Instance: "web", Reason: "test"}
		_, err := master.agent.Do(p.t.Context(), hand)
		if err == nil || !strings.Contains(err.Error(), "lb2 holds 95.24 % of its 105 connections, less than the 99 % of connection_sync; ask again, or look with lbsync sync now; --now hands over all the same") {
			p.t.Errorf("handover: %v", err)
		}
		if len(master.vrrp.handed) != 0 {
			p.t.Error("it was handed over all the same")
		}
		ts.set(func() { ts.large = "too large" })
		if _, err := master.agent.Do(p.t.Context(), hand); err == nil || !strings.Contains(err.Error(), "what lb2 holds is not known: too large") {
			p.t.Errorf("handover of a table that is too large: %v", err)
		}
		ts.set(func() { ts.large, ts.deaf["lb2"] = "", false })
		if _, err := master.agent.Do(p.t.Context(), hand); err != nil || len(master.vrrp.handed) != 1 {
			p.t.Errorf("handover: %v, handed %v", err, master.vrrp.handed)
		}
		ts.set(func() { ts.deaf["lb2"] = true })
		ts.open("lb1", 2000)
		hand.Now = true
		if _, err := master.agent.Do(p.t.Context(), hand); err != nil || len(master.vrrp.handed) != 2 {
			p.t.Errorf("handover --now: %v, handed %v", err, master.vrrp.handed)
		}
	})
}

// What is opened while the role is given away is sent when it is.
func TestHandoverSendsWhatIsOpenedMeanwhile(t *testing.T) {
	ts := newTables()
	ts.open("lb1", 1)
	onPairWith(t, ts, func(p *pair) {
		p.both("a")
		master := p.of["lb1"]
		master.vrrp.turn(func() {
			master.vrrp.status = &spec.VRRPStatus{Instances: []spec.InstanceStatus{{Name: "web", State: spec.VRRPMaster}}}
			master.vrrp.giving = func() { ts.open("lb1", 2) }
		})
		if _, err := master.agent.Do(p.t.Context(), spec.Command{Verb: spec.Handover, Instance: "web", Reason: "test"}); err != nil {
			p.t.Fatal(err)
		}
		if !ts.holds("lb2", 2) {
			p.t.Error("a connection that was opened during the handover is not known to the new master")
		}
	})
}

// A backup whose new daemon hears nothing of what the master sends takes the commit back.
func TestBackupThatHearsNothingGoesBack(t *testing.T) {
	ts := newTables()
	ts.open("lb1", 1)
	onPairWith(t, ts, func(p *pair) {
		p.both("a")
		ts.set(func() { ts.quiet = time.Now() })
		p.commit("b", "a", strings.Replace(pairFleet, "sync 11", "sync 12", 1))
		p.pass(time.Minute)
		s := p.on("lb2")
		if s.Reverted == nil || s.Reverted.Commit.ID != id("b") || !strings.Contains(s.Reverted.Unmet[0].String(), "receiving lb1: it sent its 1 connections") {
			p.t.Errorf("lb2 holds %+v, reverted %+v", s.Applied, s.Reverted)
		}
		ts.set(func() { ts.quiet = time.Time{} })
		p.commit("c", "b", strings.Replace(pairFleet, "sync 11", "sync 13", 1))
		p.both("c")
	})
}
