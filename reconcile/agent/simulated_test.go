package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

// director is a real agent of a simulation, with what survives its process: the machine's kernel, its disk and its journal.
type director struct {
	s      *simulation
	name   string
	repo   *repo
	kernel atomic.Pointer[reconciletest.Target]
	vrrp   *election
	end    *linkEnd
	cfg    Config
	audit  *memoryJournal
	fate   *fate
	runs   int

	refuses atomic.Bool // its policies deny every commit from now on

	agent  *Agent
	stop   context.CancelFunc
	ended  chan string // where it died; "" when it was stopped
	powers bool        // the machine is on
	ghost
}

// simulation is a fleet of real agents in a synctest bubble, and the world around them.
type simulation struct {
	t         testing.TB
	rng       *rand.Rand
	began     time.Time
	links     *links
	names     []string
	directors map[string]*director
	masters   map[string]string // by instance
	heads     []string          // of the branch, and of what was pushed over
	root      string            // the first commit
	id        int               // of connection sync, from 11 on
	commits   int
	fleets    map[string]string // by commit
	trace     trace
	mu        sync.Mutex // guards masters, heads and fleets, which the agents' onlookers read
}

// simulate runs f with n directors that hold a first commit.
func simulate(t *testing.T, n int, seed uint64, f func(*simulation)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation(t, n, seed)
		s.root = s.push("web=1 db=1 syncid=11")
		for _, name := range s.names {
			s.directors[name].start()
		}
		s.pass(30 * time.Second)
		f(s)
		for _, name := range s.names {
			s.directors[name].kill()
		}
		if t.Failed() {
			t.Logf("what happened:\n%s", s.trace.String())
		}
	})
}

func newSimulation(t testing.TB, n int, seed uint64) *simulation {
	s := &simulation{t: t, rng: rand.New(rand.NewPCG(seed, 1)), began: time.Now(), fleets: map[string]string{}, directors: map[string]*director{}, masters: map[string]string{"web": "lb1", "db": "lb1"}}
	for i := range n {
		s.names = append(s.names, "lb"+strconv.Itoa(i+1))
	}
	if seed%2 == 1 {
		s.masters["db"] = "lb2"
	}
	s.trace.began = s.began
	s.links = newLinks(seed, s.names)
	for _, name := range s.names {
		d := &director{s: s, name: name, repo: &repo{}, vrrp: newElection(), end: s.links.ends[name], audit: &memoryJournal{}, powers: true,
			cfg: Config{Director: name, Folder: memoryFolder(t), Program: "test", Poll: 10 * time.Second, Look: 15 * time.Second, Resync: time.Minute, Boot: "boot 1"}}
		d.end.told = d.tells
		d.audit.seen = d.records
		s.directors[name] = d
		d.plugIn()
	}
	s.elect()
	return s
}

// memoryFolder is a state folder that needs no disk, where there is one: a simulation writes it thousands of times.
func memoryFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "lbsync-simulation-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// plugIn gives the machine an empty kernel.
func (d *director) plugIn() {
	kernel := reconciletest.New(spec.State{})
	d.kernel.Store(kernel)
	refuses := int32(100 + slices.Index(d.s.names, d.name) + 1)
	kernel.Inject(func(_ int, c spec.Change) error {
		d.fate.pass("kernel")
		if w, ok := c.After.(spec.Dest); ok && w.Weight == refuses {
			return errors.New("no such device")
		}
		return nil
	})
}

// start runs the agent until it is stopped, or dies.
func (d *director) start() {
	d.runs++
	d.fate = &fate{}
	d.cfg.Run = fmt.Sprintf("%s, run %d", d.name, d.runs)
	d.end.live(true)
	a, err := Open(d.cfg, Parts{
		Source: d.repo, Target: watchedKernel{d.kernel.Load(), d}, VRRP: d.vrrp, Hold: func(...spec.SysctlKey) {}, Load: d.s.load, Exchange: mortalExchange{d.end, d.fate}, Sync: wholeSync{},
		Check: d.check, Log: slog.New(slog.DiscardHandler), Notify: func(string) {},
		Journal: func() (Journal, error) { return mortal{d.audit, d.fate}, nil },
	})
	if err != nil {
		d.s.t.Fatal(err)
	}
	a.store.at = d.fate.pass
	a.chance = rand.New(rand.NewPCG(uint64(d.runs), uint64(len(d.name)))).Float64
	ctx, cancel := context.WithCancel(d.s.t.Context())
	d.agent, d.stop, d.ended = a, cancel, make(chan string, 1)
	go func() { d.ended <- d.live(ctx) }()
	synctest.Wait()
}

func (d *director) check(in policies.Input) policies.Outcome {
	if d.refuses.Load() {
		return policies.Outcome{Diags: hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "nothing may be"}}}
	}
	return checkText(in)
}

// live runs the agent, and says where it died.
func (d *director) live(ctx context.Context) (dead string) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case killed:
			dead = p.point
		default:
			panic(p)
		}
		_ = d.agent.lock.Close()
	}()
	_ = d.agent.Run(ctx)
	return ""
}

// kill ends the process, if there is one, where it is.
func (d *director) kill() {
	if d.agent == nil {
		return
	}
	d.end.live(false)
	d.stop()
	<-d.ended
	d.agent = nil
}

// buried takes note of a process that died.
func (d *director) buried() bool {
	if d.agent == nil {
		return false
	}
	select {
	case at := <-d.ended:
		d.s.trace.say(d.name, "is dead: at %s", at)
		d.stop()
		d.agent = nil
		d.end.live(false)
		return true
	default:
		return false
	}
}

// reboot is a machine that went down and comes up with an empty kernel; its agent does not run yet.
func (d *director) reboot() {
	d.kill()
	d.runs++
	d.cfg.Boot = fmt.Sprintf("boot %d", d.runs)
	d.plugIn()
	d.wiped()
}

// fate counts the points at which a process may die, and ends it at one.
type fate struct{ n, at atomic.Int64 }

func (f *fate) pass(point string) {
	if f.n.Add(1) == f.at.Load() {
		panic(killed{point})
	}
}

// in has the process die at the nth point from now.
func (f *fate) in(n int) { f.at.Store(f.n.Load() + int64(n)) }

// mortalExchange is where a process may die before it has told the others.
type mortalExchange struct {
	*linkEnd
	fate *fate
}

func (m mortalExchange) Tell(r spec.PeerReport) {
	m.fate.pass("tell")
	m.linkEnd.Tell(r)
}

// Sample has every director hold all connections.
func (m mortalExchange) Sample(context.Context, string) (spec.ConnSample, error) {
	return spec.ConnSample{}, nil
}

// wholeSync is a connection sync of which every message arrives.
type wholeSync struct{ kernelSync }

func (wholeSync) Resync(context.Context, spec.Daemon) (spec.Resynced, error) {
	return spec.Resynced{}, nil
}
func (wholeSync) OwnSample(context.Context) (spec.ConnSample, error) { return spec.ConnSample{}, nil }

func (s *simulation) each(f func(*director)) {
	for _, name := range s.names {
		f(s.directors[name])
	}
}

func (s *simulation) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
	s.each(func(d *director) { d.buried() })
}

// elect gives each instance its master, as the engines would.
func (s *simulation) elect() {
	s.each(func(d *director) {
		d.vrrp.turn(func() {
			d.vrrp.roles, d.vrrp.status = map[string]spec.Role{}, &spec.VRRPStatus{}
			for _, instance := range []string{"db", "web"} {
				state := spec.VRRPBackup
				d.vrrp.roles[instance] = spec.RoleBackup
				if s.masters[instance] == d.name {
					state, d.vrrp.roles[instance] = spec.VRRPMaster, spec.RoleMaster
				}
				d.vrrp.status.Instances = append(d.vrrp.status.Instances, spec.InstanceStatus{Name: spec.InstanceKey(instance), State: state})
			}
		})
	})
	synctest.Wait()
}

// push moves the branch to a new commit that descends from it.
func (s *simulation) push(fleet string) string { return s.pushOn(fleet, s.heads...) }

// proceeds says whether a commit does not wait for ever for who does not answer.
func (s *simulation) proceeds(commit string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.fleets[commit], "proceed")
}

// tip is the branch's newest commit.
func (s *simulation) tip() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heads[0]
}

// isMaster says whether a director has connections to tell of.
func (s *simulation) isMaster(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.masters["web"] == name || s.masters["db"] == name
}

// crown makes a director master of an instance.
func (s *simulation) crown(instance, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.masters[instance] = name
}

// pushOn moves the branch to a new commit with these parents.
func (s *simulation) pushOn(fleet string, parents ...string) string {
	s.commits++
	name := fmt.Sprintf("%02da", s.commits)
	s.each(func(d *director) { d.repo.merge(name, parents, fleet) })
	s.mu.Lock()
	s.heads, s.fleets[name] = []string{name}, fleet
	s.mu.Unlock()
	s.trace.say("branch", "is at %s: %s", name, fleet)
	return name
}

// load reads a commit of a simulation: the weights of the real server of each instance's service, and what else is written.
//
//	web=5 db=3 syncid=12 sysctl=1 proceed note=7
//
// A director's kernel refuses the weight of 100 and its number.
func (s *simulation) load(fsys fs.FS) (*spec.Fleet, hcl.Diagnostics) {
	text, err := fs.ReadFile(fsys, "fleet")
	if err != nil {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: err.Error()}}
	}
	fleet := &spec.Fleet{}
	c := spec.Cluster{Name: "c", Directors: s.names, Confirm: spec.Confirm{Timeout: 2 * time.Second}}
	for i, name := range s.names {
		fleet.Directors = append(fleet.Directors, spec.Placed[spec.Director]{Def: &spec.Director{
			Name: name, Endpoint: netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(11 + i)}), 7946), PublicKey: "key of " + name}})
	}
	for _, w := range strings.Fields(string(text)) {
		name, value, _ := strings.Cut(w, "=")
		switch name {
		case "web", "db":
			simulatedInstance(&c, name, number(value))
		case "syncid":
			id, iface := uint8(number(value)), "eth1"
			c.Sync = &spec.ConnectionSync{SyncID: spec.PerDirector[uint8]{All: &id}, Interface: spec.PerDirector[string]{All: &iface}}
		case "sysctl":
			for i := range fleet.Directors {
				fleet.Directors[i].Def.Sysctls = []spec.Sysctl{{Key: "net.ipv4.vs.drop_entry", Value: spec.Setting(value)}}
			}
		case "proceed":
			c.Rollout = spec.Rollout{PeerTimeout: 30 * time.Second, ProceedSilent: true}
		}
	}
	fleet.Clusters = []spec.Cluster{c}
	return fleet, nil
}

func simulatedInstance(c *spec.Cluster, name string, weight int) {
	addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(1 + len(c.Instances))})
	in := instance([]string{"vrrp", name})
	in.VirtualRouterID += uint8(len(c.Instances))
	in.Addresses = []spec.VirtualAddress{{Prefix: netip.PrefixFrom(addr, 32), Scope: "global"}}
	priority := uint8(100)
	in.Priority = spec.PerDirector[uint8]{All: &priority}
	c.Instances = append(c.Instances, spec.Placed[spec.VRRPInstance]{Def: in})
	vs := virtualServer(spec.VirtualServer{}, []string{"80", "wrr", "21=" + strconv.Itoa(weight)})
	vs.Addresses = []netip.Addr{addr}
	c.VirtualServers = append(c.VirtualServers, spec.Placed[spec.VirtualServer]{Def: vs})
}

// memoryJournal is a journal that outlives the process without a disk.
type memoryJournal struct {
	seq  atomic.Uint64
	seen func([]journal.Record)
}

func (j *memoryJournal) Append(recs ...journal.Record) ([]journal.Record, error) {
	j.seq.Add(uint64(len(recs)))
	j.seen(recs)
	return recs, nil
}
func (j *memoryJournal) Head() (uint64, string) {
	n := j.seq.Load()
	return n, strconv.FormatUint(n, 10)
}
func (j *memoryJournal) Broken() error                    { return nil }
func (j *memoryJournal) Has(h journal.Head) (bool, error) { return h.Seq <= j.seq.Load(), nil }
func (j *memoryJournal) Close() error                     { return nil }
