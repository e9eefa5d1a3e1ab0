package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/reconcile/source"
	"github.com/lbsync/lbsync/spec"
)

// repo is a git repository: commits in the order in which they were made, and a branch.
type repo struct {
	mu      sync.Mutex
	commits []source.Commit
	trees   map[string]string
	branch  string
	mirror  string // tip of the last good fetch
	down    error
	fetches int
	gate    chan struct{} // when set, a fetch waits for it before it answers
	damage  error
	status  source.Status
}

// id is a full object name that begins with name.
func id(name string) string { return name + strings.Repeat("0", 40-len(name)) }

// commit adds a commit and moves the branch to it. The names are hexadecimal letters: "a", "b1".
func (r *repo) commit(name, parent, fleet string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := source.Commit{ID: id(name), Author: "Ann", Email: "ann@example.org", Subject: "commit " + name}
	if parent != "" {
		c.Parents = []string{id(parent)}
	}
	r.commits = append(r.commits, c)
	if r.trees == nil {
		r.trees = map[string]string{}
	}
	r.trees[c.ID] = fleet
	r.branch = c.ID
}

func (r *repo) set(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *repo) find(id string) (source.Commit, bool) {
	i := slices.IndexFunc(r.commits, func(c source.Commit) bool { return c.ID == id })
	if i < 0 {
		return source.Commit{}, false
	}
	return r.commits[i], true
}

func (r *repo) Fetch(ctx context.Context) (source.Commit, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fetches++
	if gate := r.gate; gate != nil {
		r.mu.Unlock()
		<-gate
		r.mu.Lock()
	}
	if err := cmpErr(ctx.Err(), r.down); err != nil {
		if r.status.Failures == 0 {
			r.status.FailingSince = time.Now()
		}
		r.status.Failures++
		r.status.Failing, r.status.Err = "list refs of test", err
		return source.Commit{}, err
	}
	r.status = source.Status{LastSuccess: time.Now()}
	c, ok := r.find(r.branch)
	if !ok {
		return c, source.ErrEmpty
	}
	r.mirror = c.ID
	return c, nil
}

// asked counts the fetches.
func (r *repo) asked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fetches
}

func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *repo) Tip() (source.Commit, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.find(r.mirror)
}

func (r *repo) Resolve(rev string) (source.Commit, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.commits {
		if strings.HasPrefix(c.ID, rev) {
			return c, nil
		}
	}
	return source.Commit{}, fmt.Errorf("resolve %q: %w", rev, source.ErrNoCommit)
}

func (r *repo) Tree(id string) (fs.FS, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, ok := r.trees[id]
	switch {
	case !ok:
		return nil, source.ErrNoCommit
	case text == "":
		return nil, source.ErrNoHCL
	}
	return fstest.MapFS{"fleet": {Data: []byte(text)}}, nil
}

func (r *repo) IsAncestor(a, b string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for at := b; ; {
		c, ok := r.find(at)
		switch {
		case !ok:
			return false, source.ErrNoCommit
		case c.ID == a:
			return true, nil
		case len(c.Parents) == 0:
			return false, nil
		}
		at = c.Parents[0]
	}
}

func (r *repo) Status() source.Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.URL, s.Ref, s.Damage = "test", "branch main", r.damage
	return s
}

// loadText reads a fleet of lines: "80 wrr 21=3 22=1" is a service of 192.0.2.1 with its real servers and weights; "# …" moves what
// follows down a line; "error", "deny" and "others" are a fleet with an error, one that policies deny, and one without lb1.
func loadText(fsys fs.FS) (*spec.Fleet, hcl.Diagnostics) {
	text, err := fs.ReadFile(fsys, "fleet")
	if err != nil {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: err.Error()}}
	}
	director := "lb1"
	c := spec.Cluster{Name: "c", Directors: []string{"lb1", "lb2"}}
	for n, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case words[0] == "error":
			return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Bad weight", Detail: "Write 0 to 65535.",
				Subject: &hcl.Range{Filename: "fleet", Start: hcl.Pos{Line: n + 1, Column: 1}}}}
		case words[0] == "deny":
			c.Name = "denied"
		case words[0] == "others":
			director = "lb2"
		default:
			c.VirtualServers = append(c.VirtualServers, spec.Placed[spec.VirtualServer]{Def: virtualServer(words), Place: spec.Place{File: "fleet", Base: uint32(n)}})
		}
	}
	d := spec.Placed[spec.Director]{Def: &spec.Director{Name: director}}
	return &spec.Fleet{Directors: []spec.Placed[spec.Director]{d}, Clusters: []spec.Cluster{c}}, nil
}

func virtualServer(words []string) *spec.VirtualServer {
	vs := &spec.VirtualServer{
		Name: words[0], Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Ports: []uint16{uint16(number(words[0]))},
		Protocol: spec.TCP, Service: spec.Service{Scheduler: words[1]}, At: spec.Mark{Line: 1},
	}
	for _, w := range words[2:] {
		host, weight, _ := strings.Cut(w, "=")
		addr := netip.AddrPortFrom(netip.MustParseAddr("192.0.2."+host), 0)
		vs.RealServers = append(vs.RealServers, spec.RealServer{Addr: addr, Dest: spec.Dest{Weight: int32(number(weight)), Forward: spec.DR}, At: spec.Mark{Line: 1}})
	}
	return vs
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func checkText(in policies.Input) hcl.Diagnostics {
	if in.Fleet.Clusters[0].Name == "denied" {
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "shared-address: twice"}}
	}
	return hcl.Diagnostics{{Severity: hcl.DiagWarning, Summary: "all-weights-zero: is this meant?"}}
}

func stateOf(t testing.TB, fleet string) spec.State {
	t.Helper()
	f, diags := loadText(fstest.MapFS{"fleet": {Data: []byte(fleet)}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var s spec.State
	for _, vs := range f.Clusters[0].VirtualServers {
		for _, k := range vs.Def.Keys() {
			s.Services = append(s.Services, spec.Row[spec.ServiceKey, spec.Service]{Key: k, Value: vs.Def.Service})
			for _, rs := range vs.Def.RealServers {
				s.Dests = append(s.Dests, spec.Row[spec.DestKey, spec.Dest]{Key: rs.Key(k), Value: rs.Dest})
			}
		}
	}
	s.Services.Sort()
	s.Dests.Sort()
	return s
}

// rig is an agent with everything around it; what survives a process is kept over restart.
type rig struct {
	t      testing.TB
	repo   *repo
	kernel *reconciletest.Target
	folder string
	cfg    Config
	faults []reconciletest.Fault // of the kernel, for the agent alone
	wrap   func(Journal) Journal // around the journal of the next agent
	at     func(string)          // seam of the next agent's store
	mu     sync.Mutex
	said   []string // to systemd

	agent *Agent
	ended chan error
	stop  context.CancelFunc
}

func newRig(t testing.TB) *rig {
	dir := t.TempDir()
	return &rig{
		t: t, repo: &repo{}, kernel: reconciletest.New(spec.State{}), folder: dir,
		cfg: Config{Director: "lb1", Folder: dir, Program: "test", Poll: 30 * time.Second, Look: 10 * time.Second, Resync: time.Minute, Watchdog: time.Minute},
	}
}

func (r *rig) journalDir() string { return filepath.Join(r.folder, "journal") }

func (r *rig) tell(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, s)
}

// told is what systemd was told.
func (r *rig) told() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.said)
}

// open makes an agent that does not run yet.
func (r *rig) open() *Agent {
	r.t.Helper()
	a, err := Open(r.cfg, Parts{
		Source: r.repo, Target: r.kernel, Load: loadText, Check: checkText, Log: slog.New(slog.DiscardHandler),
		Notify: r.tell,
		Journal: func() (Journal, error) {
			j, err := journal.Open(r.journalDir(), time.Now)
			if err == nil && r.wrap != nil {
				return r.wrap(j), nil
			}
			return j, err
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if r.at != nil {
		a.store.at = r.at
	}
	return a
}

// start runs an agent until end.
func (r *rig) start() {
	r.t.Helper()
	r.run(r.open())
}

func (r *rig) end() {
	r.t.Helper()
	r.stop()
	if err := errors.Join(<-r.ended, r.agent.Close()); err != nil {
		r.t.Errorf("the agent ends with %v", err)
	}
}

// end0 ends an agent whose journal cannot be written.
func (r *rig) end0() {
	r.t.Helper()
	r.stop()
	if err := <-r.ended; err == nil {
		r.t.Error("the end could not be recorded, and nobody says so")
	}
	if err := r.agent.Close(); err != nil {
		r.t.Error(err)
	}
}

// pass lets time go by.
func (r *rig) pass(d time.Duration) {
	<-time.After(d) // of the bubble's clock
	synctest.Wait()
}

func (r *rig) status() spec.Status { return r.agent.Status() }

func (r *rig) do(verb spec.Verb, rev string, lasts time.Duration) (spec.CommandResult, error) {
	return r.agent.Do(r.t.Context(), spec.Command{Verb: verb, Rev: rev, For: lasts, Reason: "test", Actor: spec.Actor{UID: 7, Login: "bob"}})
}

// holds checks that the kernel is what a fleet says.
func (r *rig) holds(fleet string) {
	r.t.Helper()
	if got, want := r.kernel.String(), reconciletest.Format(stateOf(r.t, fleet)); got != want {
		r.t.Errorf("the kernel holds\n%swant\n%s", got, want)
	}
}

func (r *rig) phase(want spec.Activity) {
	r.t.Helper()
	if s := r.status(); s.Phase != want {
		r.t.Errorf("phase is %s, want %s: %+v", s.Phase, want, s)
	}
}

// events are the journal's records from one on, as "event commit result".
func (r *rig) events(from uint64) []string {
	r.t.Helper()
	var out []string
	for _, rec := range r.records() {
		if rec.Seq >= from {
			out = append(out, strings.TrimRight(rec.Event.String()+" "+strings.TrimRight(rec.Commit, "0"), " "))
		}
	}
	return out
}

func (r *rig) records() []journal.Record {
	r.t.Helper()
	var out []journal.Record
	for rec, err := range journal.Read(r.journalDir(), journal.Filter{}) {
		if err != nil {
			r.t.Fatal(err)
		}
		out = append(out, rec)
	}
	return out
}

func (r *rig) next() uint64 { return r.status().Journal.Seq + 1 }

// bubble runs a test in its own time.
func bubble(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newRig(t)) })
}
