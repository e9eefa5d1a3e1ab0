package agent

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

// wire is the channel between the directors of a test: what one tells, the others know at once, unless the wire is cut.
type wire struct {
	mu     sync.Mutex
	ends   map[string]*wireEnd
	cut    map[string]bool // directors that nobody hears, and that hear nobody
	tables *tables         // nil: there are no samples
}

type wireEnd struct {
	alone
	*wire
	name    string
	said    string
	facts   map[string]spec.PeerFact
	changed chan struct{}
}

func newWire(names ...string) *wire {
	w := &wire{ends: map[string]*wireEnd{}, cut: map[string]bool{}}
	for _, name := range names {
		e := &wireEnd{wire: w, name: name, facts: map[string]spec.PeerFact{}, changed: make(chan struct{}, 1)}
		for _, other := range names {
			if other != name {
				e.facts[other] = spec.PeerFact{}
			}
		}
		w.ends[name] = e
	}
	return w
}

func (e *wireEnd) Tell(r spec.PeerReport) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r.At = time.Time{}
	text, _ := json.Marshal(r)
	if string(text) == e.said || e.cut[e.name] {
		return
	}
	e.said = string(text)
	for name, o := range e.ends {
		if name != e.name && !e.cut[name] {
			o.facts[e.name] = spec.PeerFact{Report: &r, Heard: time.Now()}
			o.signal()
		}
	}
}

func (e *wireEnd) Sample(ctx context.Context, director string) (spec.ConnSample, error) {
	if e.tables == nil {
		return e.alone.Sample(ctx, director)
	}
	return e.tables.sample(director), nil
}

func (e *wireEnd) signal() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

func (e *wireEnd) Facts() map[string]spec.PeerFact {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := map[string]spec.PeerFact{}
	for k, v := range e.facts {
		out[k] = v
	}
	return out
}

func (e *wireEnd) Changed() <-chan struct{} { return e.changed }

// silence cuts a director off, or joins it again.
func (w *wire) silence(name string, off bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut[name] = off
	for n, e := range w.ends {
		for other, f := range e.facts {
			if n != name && other != name {
				continue
			}
			f.Silent, f.Why = time.Time{}, ""
			if off {
				f.Silent, f.Why = time.Now(), "connection refused"
			}
			e.facts[other] = f
		}
		e.said = ""
		e.signal()
	}
}

// pair are two real agents, lb1 master and lb2 backup of the instance "web", with a repository in common.
type pair struct {
	t     *testing.T
	wire  *wire
	of    map[string]*rig
	names []string
}

const pairFleet = "vrrp web 100 101\nsync 11\n80 wrr 21=1 22=1\n"

func onPair(t *testing.T, f func(p *pair)) {
	t.Helper()
	onPairWith(t, nil, f)
}

// onPairWith has tables of connections, if there are any.
func onPairWith(t *testing.T, ts *tables, f func(p *pair)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := gathered(t, pairLoader, "lb1", "lb2")
		p.wire.tables = ts
		for name, r := range p.of {
			if ts != nil {
				r.kernel = reconciletest.New(spec.State{Sysctls: spec.Rows[spec.SysctlKey, spec.Setting]{{Key: spec.SyncThreshold, Value: "3 50"}}})
				r.sync, r.load = &table{tables: ts, name: name}, ts.loader
				r.sources = func() []netip.Addr { return []netip.Addr{pairSources[name]} }
			}
		}
		p.run(f)
	})
}

// gathered are agents on one wire that do not run yet: of each two, the first is master of the instance "web", the second its backup.
func gathered(t *testing.T, load func(fs.FS) (*spec.Fleet, hcl.Diagnostics), names ...string) *pair {
	p := &pair{t: t, wire: newWire(names...), of: map[string]*rig{}, names: names}
	for i, name := range names {
		r := newRig(t)
		r.cfg.Director, r.cfg.Boot, r.cfg.Run, r.cfg.Poll = name, "boot", "run of "+name, 5*time.Second
		r.exchange, r.load = p.wire.ends[name], load
		r.vrrp.roles = map[string]spec.Role{"web": []spec.Role{spec.RoleMaster, spec.RoleBackup}[i%2]}
		p.of[name] = r
	}
	return p
}

// run lets all hold the commit "a", and then does f.
func (p *pair) run(f func(p *pair)) {
	p.commit("a", "", pairFleet)
	p.each(func(r *rig) { r.start() })
	p.pass(20 * time.Second)
	f(p)
	p.each(func(r *rig) { r.end() })
}

// pairLoader declares both directors, and a trial of 2 s.
func pairLoader(fsys fs.FS) (*spec.Fleet, hcl.Diagnostics) {
	fleet, diags := loadText(fsys)
	if fleet == nil {
		return nil, diags
	}
	fleet.Directors = nil
	for i, name := range []string{"lb1", "lb2"} {
		d := &spec.Director{Name: name, Endpoint: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(11 + i)}), 7946), PublicKey: "key of " + name}
		fleet.Directors = append(fleet.Directors, spec.Placed[spec.Director]{Def: d})
	}
	fleet.Clusters[0].Confirm.Timeout = 2 * time.Second
	return fleet, diags
}

func (p *pair) each(f func(*rig)) {
	for _, name := range p.names {
		f(p.of[name])
	}
}

func (p *pair) commit(name, parent, fleet string) {
	p.each(func(r *rig) { r.repo.commit(name, parent, fleet) })
}

func (p *pair) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (p *pair) on(name string) spec.Status { return p.of[name].status() }

// both waits for both directors to have confirmed a commit, and fails if it takes longer than a minute.
func (p *pair) both(name string) {
	p.t.Helper()
	for range 60 {
		if p.on("lb1").Confirmed == id(name) && p.on("lb2").Confirmed == id(name) {
			return
		}
		p.pass(time.Second)
	}
	p.t.Fatalf("%s is not confirmed by both: lb1 %+v\nlb2 %+v", name, p.on("lb1"), p.on("lb2"))
}

// weightOf is the weight of real server .21.
func (p *pair) weightOf(name string) int32 {
	return p.of[name].kernel.State().Dests[0].Value.Weight
}

func (p *pair) syncIDs(name string) (out [2]uint8) {
	for _, d := range p.of[name].kernel.State().Daemons {
		out[d.Key-spec.RoleMaster] = d.Value.SyncID
	}
	return out
}

// failing is a fault of the kernel at the first real server.
func failing(k *reconciletest.Target) reconciletest.Fault {
	return reconciletest.FailKey(k.State().Dests[0].Key, errors.New("no such device"))
}

func heavier(weight string) string { return strings.Replace(pairFleet, "21=1", "21="+weight, 1) }

func TestMasterWaitsForTheBackupToConfirm(t *testing.T) {
	onPair(t, func(p *pair) {
		p.both("a")
		p.commit("b", "a", heavier("5"))
		early := false
		for p.on("lb2").Confirmed != id("b") {
			early = early || p.weightOf("lb1") == 5
			p.pass(100 * time.Millisecond)
		}
		if early {
			p.t.Error("the master changed its kernel before the backup confirmed")
		}
		p.both("b")
		if p.weightOf("lb1") != 5 || p.weightOf("lb2") != 5 {
			p.t.Errorf("weights %d and %d", p.weightOf("lb1"), p.weightOf("lb2"))
		}
	})
}

func TestBackupTakesABadCommitBackByItself(t *testing.T) {
	onPair(t, func(p *pair) {
		p.both("a")
		p.of["lb2"].kernel.Inject(failing(p.of["lb2"].kernel))
		p.commit("b", "a", heavier("5"))
		p.pass(time.Minute)
		s := p.on("lb2")
		if s.Reverted == nil || s.Reverted.Commit.ID != id("b") || !strings.Contains(s.Reverted.Unmet[0].String(), "no such device") || s.Applied.Commit.ID != id("a") {
			p.t.Errorf("the backup holds %+v, reverted %+v", s.Applied, s.Reverted)
		}
		if s := p.on("lb1"); p.weightOf("lb1") != 1 || s.Pending == nil || !strings.Contains(s.Holds[0].Why, "lb2 holds a000000: it went back from b000000") {
			p.t.Errorf("the master has weight %d, pending %+v, holds %+v", p.weightOf("lb1"), s.Pending, s.Holds)
		}
		p.of["lb2"].kernel.Inject()
		p.commit("c", "b", heavier("7"))
		p.both("c")
	})
}

func TestSilenceHoldsUntilAnOperatorSaysOtherwise(t *testing.T) {
	onPair(t, func(p *pair) {
		p.both("a")
		p.wire.silence("lb2", true)
		p.commit("b", "a", heavier("5"))
		p.pass(time.Minute)
		if s := p.on("lb1"); s.Phase != spec.Waiting || len(s.Holds) == 0 || !strings.Contains(s.Holds[0].Why, "lb2 does not answer (connection refused)") {
			p.t.Fatalf("lb1 is %s, holds %+v", s.Phase, s.Holds)
		}
		if _, err := p.of["lb1"].agent.Do(p.t.Context(), spec.Command{Verb: spec.Proceed, Reason: "lb2 burnt down"}); err != nil {
			p.t.Fatal(err)
		}
		p.pass(10 * time.Second)
		if s := p.on("lb1"); s.Confirmed != id("b") || p.weightOf("lb1") != 5 {
			p.t.Errorf("after proceed lb1 is %s with %s confirmed, holds %+v", s.Phase, s.Confirmed, s.Holds)
		}
		p.wire.silence("lb2", false)
		p.both("b")
	})
}

// While a syncid changes, a backup daemon always accepts what the other director's master daemon sends.
func TestSyncIDIsTakenOverTheBridge(t *testing.T) {
	onPair(t, func(p *pair) {
		p.both("a")
		next := strings.Replace(pairFleet, "sync 11", "sync 12", 1)
		p.of["lb2"].repo.commit("b", "a", next)
		seen := map[uint8]bool{}
		for n := range 600 {
			if n == 300 {
				p.of["lb1"].repo.commit("b", "a", next)
			}
			one, two := p.syncIDs("lb1"), p.syncIDs("lb2")
			for _, way := range [][2]uint8{{one[0], two[1]}, {two[0], one[1]}} {
				if way[1] != 0 && way[1] != way[0] {
					p.t.Fatalf("a backup with %d does not hear a master with %d", way[1], way[0])
				}
			}
			seen[two[1]] = true
			p.pass(50 * time.Millisecond)
		}
		p.both("b")
		if want := [2]uint8{12, 12}; p.syncIDs("lb1") != want || p.syncIDs("lb2") != want {
			p.t.Errorf("syncids %v and %v", p.syncIDs("lb1"), p.syncIDs("lb2"))
		}
		if !seen[0] {
			p.t.Error("no backup ever ran 0: nothing was tried")
		}
	})
}

// A machine that goes down in a trial begins with the commit before, and tries once more.
func TestRebootInATrialBeginsWithTheCommitBefore(t *testing.T) {
	onPair(t, func(p *pair) {
		p.both("a")
		p.commit("b", "a", heavier("5"))
		for p.on("lb2").Trial == nil {
			p.pass(100 * time.Millisecond)
		}
		r := p.of["lb2"]
		r.end()
		r.cfg.Boot, r.kernel = "another", reconciletest.New(spec.State{})
		from := uint64(len(r.records()))
		r.start()
		p.both("b")
		if got := strings.Join(r.events(from+1), " "); !strings.Contains(got, "reverted b planned a") || !strings.Contains(got, "applied a planned b") || !strings.HasSuffix(got, "confirmed b") {
			p.t.Errorf("journal after the reboot: %s", got)
		}
	})
}

func TestRestartInATrialResumesIt(t *testing.T) {
	onPair(t, func(p *pair) {
		p.both("a")
		p.commit("b", "a", heavier("5"))
		for p.on("lb2").Trial == nil {
			p.pass(100 * time.Millisecond)
		}
		r := p.of["lb2"]
		r.end()
		from := uint64(len(r.records()))
		r.start()
		p.both("b")
		if got := strings.Join(r.events(from+1), " "); strings.Contains(got, "reverted") {
			p.t.Errorf("journal after the restart: %s", got)
		}
	})
}
