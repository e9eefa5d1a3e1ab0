package world

import (
	"fmt"
	"hash/maphash"
	"slices"
)

// world is all directors, and how much may still go wrong.
type world struct {
	nodes []node
	tip   int8
	left  budget
}

// budget is how often each of these may happen.
type budget struct{ pushes, crashes, reboots, moves, releases int8 }

// kind is what a step does.
type kind uint8

const (
	acts kind = iota
	goesOn
	judged
	fetches
	asks
	hears
	misses
	crashes
	starts
	reboots
	gains
	loses
	proceeds
	pushed
)

// step is one step of a world: of the director a, towards the director or instance b.
type step struct {
	kind kind
	a, b int
}

var words = map[kind]string{
	acts: "acts", goesOn: "goes on with its plan", judged: "is judged", fetches: "fetches", asks: "asks", hears: "hears", misses: "misses",
	crashes: "crashes", starts: "starts", reboots: "goes down with its machine", gains: "becomes master of", loses: "is no longer master of", proceeds: "is told to proceed",
	pushed: "the branch moves",
}

func (s step) String() string {
	switch s.kind {
	case pushed:
		return words[s.kind]
	case asks, hears, misses:
		return name(s.a) + " " + words[s.kind] + " " + name(s.b)
	case gains, loses:
		return name(s.a) + " " + words[s.kind] + " " + instances[s.b]
	}
	return name(s.a) + " " + words[s.kind]
}

// stepsOf are all steps of a world of n directors.
func stepsOf(n int) []step {
	out := []step{{kind: pushed}}
	for a := range n {
		for k := acts; k < pushed; k++ {
			switch k {
			case asks, hears, misses:
				for b := range n {
					if b != a {
						out = append(out, step{k, a, b})
					}
				}
			case gains, loses:
				out = append(out, step{k, a, 0}, step{k, a, 1})
			default:
				out = append(out, step{k, a, 0})
			}
		}
	}
	return out
}

// begin is a world in which all directors hold and confirmed commit 0, run it, and know of each other.
func (d *decider) begin(masters [2]int, left budget) world {
	w := world{left: left}
	for i := range d.n {
		c := d.views[0][i].Clusters[0]
		n := node{up: true, held: 0, confirmed: 0, proven: 0, reverted: nothing, whole: true, begun: nothing, rebooted: nothing, released: nothing, pending: nothing,
			turn: wish{commit: nothing}, doing: doing{commit: nothing}, open: nothing, proved: 1}
		for at := range n.kernel.weight {
			n.kernel.weight[at] = int8(c.VirtualServers[at].Def.RealServers[0].Dest.Weight)
			if masters[at] == i {
				n.roles |= 1 << at
			}
		}
		n.kernel.ids = [2]uint8{*c.Sync.SyncID.All, *c.Sync.SyncID.All}
		n.prior, n.priorOf = n.kernel, true
		d.say(&n)
		w.nodes = append(w.nodes, n)
	}
	for i := range w.nodes {
		for j := range w.nodes {
			if i != j {
				w.nodes[i].known[j] = fact{report: w.nodes[j].said}
			}
		}
	}
	return w
}

// take is the world after a step; false where the step is not possible, or changes nothing.
func (d *decider) take(w world, s step) (world, bool) {
	n := &w.nodes[s.a]
	switch s.kind {
	case pushed:
		if w.left.pushes == 0 {
			return w, false
		}
		w.left.pushes--
		w.tip++
		return w, true
	case reboots, crashes, gains, loses, proceeds:
		return d.fail(w, s)
	case starts:
		if n.up {
			return w, false
		}
		w.nodes = slices.Clone(w.nodes)
		d.start(s.a, &w.nodes[s.a])
		return w, true
	}
	if !n.up {
		return w, false
	}
	next := *n
	if !d.live(&w, s, &next) || next == *n {
		return w, false
	}
	w.nodes = slices.Clone(w.nodes)
	w.nodes[s.a] = next
	w.nodes[s.a].cold = next.cold && (next.doing.on || !w.inTune(s.a))
	return w, true
}

// inTune says whether a director hears all others, and they hear it.
func (w *world) inTune(self int) bool {
	hears := func(to, from kernel) bool {
		return to.ids[1] != stopped && from.ids[0] != stopped && (to.ids[1] == 0 || to.ids[1] == from.ids[0])
	}
	mine := w.nodes[self].kernel
	return !slices.ContainsFunc(w.nodes, func(o node) bool { return !hears(mine, o.kernel) || !hears(o.kernel, mine) })
}

// live is a step of a director that runs.
func (d *decider) live(w *world, s step, n *node) bool {
	switch s.kind {
	case acts:
		if !n.doing.on {
			*n = d.act(s.a, *n)
		}
	case goesOn:
		if !n.doing.on {
			return false
		}
		d.goOn(s.a, n)
	case judged:
		if !n.trial.on || n.doing.on {
			return false
		}
		d.judge(s.a, n)
	case fetches:
		n.tip = w.tip
	case asks: // the answer is under way: as it is now, whatever comes
		o := &w.nodes[s.b]
		if n.flight[s.b].told || !o.up || n.known[s.b].report == o.said && !n.known[s.b].silent {
			return false
		}
		n.flight[s.b] = o.said
	case hears:
		if !n.flight[s.b].told {
			return false
		}
		n.known[s.b], n.flight[s.b] = fact{report: n.flight[s.b]}, report{}
		d.say(n)
	case misses: // an answer is lost, or nobody answers
		if n.flight[s.b].told {
			n.flight[s.b] = report{}
		} else if !w.nodes[s.b].up {
			n.known[s.b].silent = true
		}
	}
	return true
}

// goOn makes the next change of a plan, or ends it.
func (d *decider) goOn(self int, n *node) {
	do := &n.doing
	if do.n == 0 {
		d.keep(self, n)
		return
	}
	next := do.ops[0]
	do.n--
	copy(do.ops[:], do.ops[1:])
	do.ops[len(do.ops)-1] = op{}
	n.kernel.change(next)
	if n.priorOf {
		n.prior.change(next)
	}
	if next.own && do.branch {
		n.open = do.commit
	}
	n.past |= do.past
}

// fail is a step that costs of the budget.
func (d *decider) fail(w world, s step) (world, bool) {
	n := w.nodes[s.a]
	left := map[kind]*int8{crashes: &w.left.crashes, reboots: &w.left.reboots, gains: &w.left.moves, loses: &w.left.moves, proceeds: &w.left.releases}[s.kind]
	mine := n.roles&(1<<s.b) != 0
	if *left == 0 || s.kind != reboots && s.kind != gains && s.kind != loses && !n.up || s.kind == gains && mine || s.kind == loses && !mine || s.kind == proceeds && n.tip == n.released {
		return w, false
	}
	*left--
	switch s.kind {
	case crashes:
		n.up, n.said = false, report{}
	case reboots:
		n.up, n.said, n.kernel, n.roles, n.open, n.trial.stale, n.begunTrial.stale, n.cold = false, report{}, empty, 0, nothing, true, true, true
	case gains:
		n.roles |= 1 << s.b
	case loses:
		n.roles &^= 1 << s.b
	case proceeds:
		n.released = n.tip
	}
	w.nodes = slices.Clone(w.nodes)
	w.nodes[s.a] = n
	return w, true
}

var seed = maphash.MakeSeed()

// hash is equal for worlds in which the same may happen: of the serials of wishes only the order counts.
func (w *world) hash() uint64 {
	w.nodes = slices.Clone(w.nodes)
	for i := range w.nodes {
		w.rankSerials(i)
	}
	var h maphash.Hash
	h.SetSeed(seed)
	maphash.WriteComparable(&h, w.tip)
	maphash.WriteComparable(&h, w.left)
	for i := range w.nodes {
		maphash.WriteComparable(&h, w.nodes[i])
	}
	return h.Sum64()
}

// rankSerials numbers the serials of one director's wishes anew, without gaps.
func (w *world) rankSerials(of int) {
	var seen []*int8
	note := func(r *report, says int) {
		if says == of {
			seen = append(seen, &r.turn.serial)
		}
		seen = append(seen, &r.heard[of])
	}
	for i := range w.nodes {
		n := &w.nodes[i]
		note(&n.said, i)
		for j := range w.nodes {
			note(&n.known[j].report, j)
			note(&n.flight[j], j)
		}
	}
	seen = append(seen, &w.nodes[of].turn.serial, &w.nodes[of].wishes)
	var used [128]bool
	for _, p := range seen {
		used[*p] = true
	}
	var rank [128]int8
	next := int8(1)
	for v := 1; v < len(used); v++ {
		if used[v] {
			rank[v], next = next, next+1
		}
	}
	for _, p := range seen {
		*p = rank[*p]
	}
}

// wrong is the invariant that a step broke; "" for none.
func (d *decider) wrong(before, after *world, s step) string {
	n, was := &after.nodes[s.a], &before.nodes[s.a]
	if s.kind == goesOn && was.doing.n > 0 && was.doing.ops[0].own && was.doing.branch {
		if why := d.disorder(after, was, s.a); why != "" {
			return why
		}
	}
	if n.open != nothing && n.confirmed == n.open && n.held == n.open && !n.trial.on {
		return fmt.Sprintf("%s says that %s is confirmed, and its probes were never awaited", name(s.a), id(n.open))
	}
	return d.deaf(after)
}

// disorder is what is wrong with a change of a commit that a director is about to make.
func (d *decider) disorder(w *world, was *node, self int) string {
	do := was.doing
	for i := range w.nodes {
		o := &w.nodes[i]
		if i == self || do.past&(1<<i) != 0 || o.past&(1<<self) != 0 {
			continue
		}
		if o.open != nothing {
			return fmt.Sprintf("%s changes its kernel for %s while %s has %s and did not confirm it", name(self), id(do.commit), name(i), id(o.open))
		}
		if at := do.ops[0].at; do.masters&(1<<at) != 0 && o.proved&(1<<do.commit) == 0 {
			return fmt.Sprintf("%s is master of %s and changes it for %s, which %s never confirmed", name(self), instances[at], id(do.commit), name(i))
		}
	}
	return ""
}

// deaf is a backup daemon that drops what the master of an instance sends.
func (d *decider) deaf(w *world) string {
	for m := range w.nodes {
		for b := range w.nodes {
			sends, accepts := w.nodes[m].kernel.ids[0], w.nodes[b].kernel.ids[1]
			if m == b || w.nodes[m].roles == 0 || w.nodes[m].cold || w.nodes[b].cold || sends == stopped || accepts == stopped || accepts == 0 || accepts == sends {
				continue
			}
			if w.nodes[m].past&(1<<b) == 0 && w.nodes[b].past&(1<<m) == 0 {
				return fmt.Sprintf("%s accepts syncid %d, and %s sends %d", name(b), accepts, name(m), sends)
			}
		}
	}
	return ""
}
