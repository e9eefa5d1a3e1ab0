// Package world searches the order across directors exhaustively. A small world of directors, kernels, disks and messages is taken
// through every interleaving of their steps; what a director decides is decided by the functions of reconcile themselves: Want, NewPlan,
// Gate, Judge. What reconcile/agent does around them is told here once more, as small as it goes.
package world

import (
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// most is how many directors a world may have.
const most = 5

// nothing is no commit.
const nothing = -1

// stopped is the syncid of a daemon that does not run.
const stopped = 255

// kernel is what a director's kernel holds: the weight of the real server of web and of db, -1 where there is no service, and the
// syncids of the daemons of master and backup.
type kernel struct {
	weight [2]int8
	ids    [2]uint8
}

var empty = kernel{weight: [2]int8{-1, -1}, ids: [2]uint8{stopped, stopped}}

// wish is spec.Turn.
type wish struct {
	commit       int8
	taken        bool
	rank, serial int8
}

// report is spec.PeerReport, as far as anybody decides by it.
type report struct {
	told              bool
	commit, confirmed int8
	settled, unproven bool
	waiting, roles    uint8 // bits by instance
	turn              wish
	heard             [most]int8
	ids               [2]uint8
	wants             uint8
}

type fact struct {
	report
	silent bool
}

type trial struct {
	on, turn, stale bool // stale: the machine went down in it
	commit, before  int8
}

// op is one change of the kernel: of the weight of an instance's real server, or of a daemon's syncid.
type op struct {
	daemon, own bool // own: it is the commit's, and the gate let it pass
	at, to      int8
}

type doing struct {
	on, branch, late, rest bool // rest: of the commit that is held already
	commit                 int8
	trial                  trial
	n                      int8
	ops                    [4]op
	masters, past          uint8 // instances that it was master of, and directors that it passed over, when it decided
}

// node is one director. The first part survives its agent, and all but the kernel its machine.
type node struct {
	kernel                            kernel
	held, confirmed, proven, reverted int8
	whole, late                       bool
	trial                             trial
	begun                             int8 // the intent
	begunTrial                        trial
	rebooted, tip, released           int8
	wishes                            int8 // by the clock
	roles                             uint8

	up      bool
	turn    wish
	pending int8
	backlog int8
	still   uint8
	prior   kernel
	priorOf bool
	doing   doing
	known   [most]fact
	said    report

	flight [most]report // answers that are under way to it

	open   int8  // commit of which the kernel has something that was neither confirmed nor taken back
	proved uint8 // bits by commit that it said to have confirmed
	past   uint8 // directors that it did not wait for
	cold   bool  // its machine booted, and it was not in tune with the others since: a full resync is still to come
}

// decider makes a director's decisions.
type decider struct {
	n      int
	views  [][]spec.View // by commit and director
	bad    []uint8       // by commit: directors whose probes it fails
	mutant mutant
	known  map[question]node // what was decided before

	renderings []map[string]spec.Digest // by commit
}

type question struct {
	self int
	node node
}

func id(commit int8) string {
	if commit == nothing {
		return ""
	}
	return string(rune('a' + commit))
}

func name(i int) string { return "lb" + string(rune('1'+i)) }

// facts are what reconcile decides by.
func (d *decider) facts(self int, n *node) spec.Facts {
	f := spec.Facts{Roles: roles(n.roles), Daemons: daemons(n.kernel.ids), Peers: map[string]spec.PeerFact{}, Receiver: "r"}
	if n.released == n.tip {
		f.Released = id(n.released)
	}
	for i := range d.n {
		if i == self {
			continue
		}
		p := spec.PeerFact{}
		if k := n.known[i]; k.told {
			p.Report = &spec.PeerReport{Commit: id(k.commit), Confirmed: id(k.confirmed), Settled: k.settled, Unproven: k.unproven, Waiting: instancesOf(k.waiting),
				Turn: k.turn.spec(), Heard: map[string]uint64{}, Roles: roles(k.roles), Daemons: daemons(k.ids), SyncIDs: map[string]uint8{"c": k.wants},
				Coverage: map[string]spec.Coverage{name(self): {Receiver: "r"}}}
			if k.commit != nothing {
				p.Report.Rendering = d.renderings[k.commit]
			}
			for j := range d.n {
				p.Report.Heard[name(j)] = uint64(k.heard[j])
			}
			if k.silent {
				p.Silent = epoch
			}
		}
		f.Peers[name(i)] = p
	}
	return f
}

func (w wish) spec() spec.Turn {
	return spec.Turn{Commit: id(w.commit), Taken: w.taken, Rank: int(w.rank), Serial: uint64(w.serial)}
}

// say is the report of now.
func (d *decider) say(n *node) {
	n.said = report{told: true, commit: n.held, confirmed: n.confirmed, settled: n.whole || n.backlog > 0, unproven: n.trial.on,
		waiting: n.still, roles: n.roles, turn: n.turn, ids: n.kernel.ids, wants: stopped}
	if n.held != nothing {
		n.said.wants = reconcile.SyncIDs(d.views[n.held][0])["c"]
	}
	for i := range d.n {
		n.said.heard[i] = n.known[i].turn.serial
	}
	n.proved |= 1 << max(n.confirmed, 0)
}

// act is a turn of the loop: follow the branch, and then compare what is held with the kernel.
func (d *decider) act(self int, n node) node {
	q := question{self, n}
	q.node.flight, q.node.open, q.node.proved, q.node.said, q.node.past, q.node.cold = [most]report{}, 0, 0, report{}, 0, false
	out, known := d.known[q]
	if !known {
		out = q.node
		if goal := n.tip; goal == out.held || goal == out.reverted || !d.carry(self, &out, goal, true) {
			d.compare(self, &out)
		}
		d.known[q] = out
	}
	out.flight, out.open, out.proved, out.said, out.past, out.cold = n.flight, n.open, n.proved, n.said, n.past, n.cold
	d.say(&out)
	return out
}

// plan is what would make the kernel hold a commit, and what was wanted.
func (d *decider) plan(self int, n *node, commit int8) (spec.Plan, spec.State, spec.Facts) {
	f := d.facts(self, n)
	if d.mutant.want != nil {
		d.mutant.want(&f)
	}
	v := d.views[commit][self]
	want, holds := reconcile.Want(v, f)
	want.VRRP = spec.VRRP{}
	in := reconcile.PlanInput{Want: want, Holds: holds, Live: n.kernel.state(), Owned: reconcile.Owned{}.Claim(want), Bridged: reconcile.Bridged(v, f)}
	if n.priorOf {
		prior := n.prior.state()
		in.Prior = &prior
	}
	return reconcile.NewPlan(in), want, f
}

// gate leaves what may be done now, and wishes for the turn.
func (d *decider) gate(self int, n *node, p spec.Plan, f spec.Facts, commit int8) (spec.Plan, bool) {
	if n.turn.taken {
		n.turn.commit = commit
	}
	in := reconcile.GateInput{View: d.views[commit][self], Commit: id(commit), Rendering: d.renderings[commit], Facts: f, Turn: n.turn.spec()}
	if d.mutant.gate != nil {
		d.mutant.gate(&in)
	}
	g := reconcile.Gate(p, in)
	switch {
	case n.turn.taken:
	case !g.Ready:
		n.turn = wish{commit: nothing}
	case n.turn.commit != commit:
		n.wishes++
		n.turn = wish{commit: commit, rank: int8(reconcile.Rank(roles(n.roles))), serial: n.wishes}
	}
	n.backlog, n.still = int8(len(g.Plan.Held)-len(p.Held)), bits(g.Waiting)
	return g.Plan, g.Begins || d.mutant.grabs
}

// carry begins to make the kernel hold another commit; false where all of it waits.
func (d *decider) carry(self int, n *node, commit int8, branch bool) bool {
	p, _, f := d.plan(self, n, commit)
	n.backlog, n.still = 0, 0
	begins := false
	if branch {
		if p, begins = d.gate(self, n, p, f, commit); n.backlog > 0 && p.Changes() == 0 {
			n.pending = commit
			return false
		}
	}
	n.doing = d.doing(n, p, f, commit, branch)
	n.doing.late = n.backlog > 0
	if branch && (p.Changes() > 0 || n.trial.on && !d.mutant.cuts) {
		n.doing.trial = n.try(commit, begins)
		if begins {
			n.turn.commit, n.turn.taken = commit, true
		}
	}
	n.begun, n.begunTrial = commit, n.doing.trial
	if d.mutant.forgets {
		n.begunTrial = trial{}
	}
	return true
}

// try is the trial of a commit. What was proven last stays what to go back to.
func (n *node) try(commit int8, begins bool) trial {
	t := trial{on: true, turn: begins, commit: commit, before: n.held}
	if n.held == commit {
		t.before = n.proven
	}
	if n.trial.on {
		t.before, t.turn = n.trial.before, n.trial.turn || begins
	}
	return t
}

func (d *decider) doing(n *node, p spec.Plan, f spec.Facts, commit int8, branch bool) doing {
	out := doing{on: true, branch: branch, commit: commit, masters: n.roles}
	for i := range d.n {
		if f.Released != "" && n.known[i].silent {
			out.past |= 1 << i
		}
	}
	for _, s := range p.Steps {
		for i := range s.Changes {
			c := &s.Changes[i]
			switch k := c.Key.(type) {
			case spec.DestKey:
				at := int8(k.Service.Addr.Addr().As4()[3] - 1)
				out.ops[out.n] = op{own: c.Reason != spec.ByDrift, at: at, to: int8(c.After.(spec.Dest).Weight)}
				out.n++
			case spec.Role:
				out.ops[out.n] = op{daemon: true, at: int8(k - spec.RoleMaster), to: int8(c.After.(spec.Daemon).SyncID)}
				out.n++
			}
		}
	}
	return out
}

// compare puts right what differs from the commit that is held.
func (d *decider) compare(self int, n *node) {
	if n.held == nothing {
		return
	}
	p, want, f := d.plan(self, n, n.held)
	begins, gated := false, n.late && n.pending == nothing
	switch {
	case gated:
		n.backlog, n.still = 0, 0
		p, begins = d.gate(self, n, p, f, n.held)
	case n.late && !d.mutant.goesOn:
		g := reconcile.Gate(p, reconcile.GateInput{View: d.views[n.held][self], Commit: id(n.held), Facts: f, Followed: true})
		n.backlog, p = max(n.backlog, int8(len(g.Plan.Held)-len(p.Held))), g.Plan
	}
	if p.Changes() == 0 {
		if n.backlog == 0 {
			n.prior, n.priorOf, n.whole, n.late = kernelOf(want), true, true, false
		}
		return
	}
	n.doing = d.doing(n, p, f, n.held, gated || d.mutant.goesOn)
	n.doing.rest = true
	if gated && ownIn(n.doing) {
		n.trial = n.try(n.held, begins)
		n.confirmed = nothing
		if begins {
			n.turn.commit, n.turn.taken = n.held, true
		}
	}
	if !gated && !d.mutant.goesOn {
		for i := range n.doing.ops {
			n.doing.ops[i].own = false // a kernel that is filled anew
		}
	}
}

func ownIn(d doing) bool {
	for _, o := range d.ops[:d.n] {
		if o.own {
			return true
		}
	}
	return false
}

// keep ends a plan: what was carried out is written to the disk.
func (d *decider) keep(self int, n *node) {
	do := n.doing
	n.doing = doing{commit: nothing}
	if do.rest {
		d.say(n)
		return
	}
	n.held, n.late, n.whole, n.begun, n.pending, n.trial = do.commit, do.late, !do.late, nothing, nothing, do.trial
	if do.branch {
		n.reverted = nothing
	}
	_, want, _ := d.plan(self, n, n.held)
	if n.whole {
		n.prior, n.priorOf = kernelOf(want), true
	}
	if !do.trial.on {
		n.turn = wish{commit: nothing}
		if !n.late {
			n.confirmed, n.proven = n.held, n.held
		}
	}
	if !do.branch {
		n.open = nothing
	}
	d.say(n)
}

func (k *kernel) change(o op) {
	if o.daemon {
		k.ids[o.at] = uint8(o.to)
	} else {
		k.weight[o.at] = o.to
	}
}

// judge ends a trial, well or not.
func (d *decider) judge(self int, n *node) {
	now := spec.Vitals{}
	if d.bad[n.trial.commit]&(1<<self) != 0 {
		now.Missing = []spec.Failure{{Error: "bad"}}
	}
	if len(reconcile.Judge(spec.Vitals{}, now, spec.Confirm{})) > 0 {
		d.revert(self, n)
		return
	}
	n.trial, n.confirmed, n.rebooted, n.turn, n.open = trial{}, n.held, nothing, wish{commit: nothing}, nothing
	if !n.late {
		n.proven = n.held
	}
	d.say(n)
}

func (d *decider) revert(self int, n *node) {
	n.reverted, n.pending = n.trial.commit, nothing
	d.carry(self, n, n.trial.before, false)
	d.say(n)
}

// start is an agent that begins with what is on its disk.
func (d *decider) start(self int, n *node) {
	n.up = true
	n.turn, n.pending, n.backlog, n.still, n.doing, n.said, n.priorOf = wish{commit: nothing}, nothing, 0, 0, doing{commit: nothing}, report{}, false
	n.known, n.flight = [most]fact{}, [most]report{}
	if n.held == nothing {
		d.say(n)
		return
	}
	if n.whole {
		blind := *n
		blind.kernel = empty // nothing was read yet
		_, want, _ := d.plan(self, &blind, n.held)
		n.prior, n.priorOf = kernelOf(want), true
	}
	if n.begun != nothing && n.begunTrial.on {
		n.trial = n.begunTrial
	}
	n.begun = nothing
	if n.kernel == empty {
		n.priorOf, n.late = false, false
	}
	if t := n.trial; t.on && t.stale {
		twice := n.rebooted == t.commit
		n.rebooted = t.commit
		d.revert(self, n)
		if !twice {
			n.reverted = nothing
		}
	} else if t.on && t.turn {
		n.turn = wish{commit: t.commit, taken: true}
	}
	d.say(n)
}
