package agent

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "simulate with this seed alone")
	seedsFlag = flag.Uint64("seeds", 0, "simulate with this many seeds")
)

// seeds are those to simulate with: -seed, or as many as -seeds or SIMULATION_SEEDS say.
func seeds(t *testing.T, usual uint64) []uint64 {
	t.Helper()
	n := *seedsFlag
	if s := os.Getenv("SIMULATION_SEEDS"); n == 0 && s != "" {
		var err error
		if n, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("SIMULATION_SEEDS: %v", err)
		}
	}
	if *seedFlag > 0 {
		return []uint64{*seedFlag}
	}
	if n == 0 {
		n = usual
	}
	var out []uint64
	for seed := range n {
		out = append(out, seed+1)
	}
	return out
}

// TestSimulation lets real agents live through an hour or two of a bad day, at which all that may go wrong goes wrong, and then through
// a quiet one, in which all has to be well again. Replay one with -run TestSimulation -seed N.
func TestSimulation(t *testing.T) {
	for _, seed := range seeds(t, 12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			simulate(t, 2+int(seed%4), seed, func(s *simulation) {
				for range 30 {
					s.happen()
				}
				s.calm()
				s.ordered()
			})
		})
	}
}

// happening is something that goes wrong, or is done; weight is how often compared with others.
type happening struct {
	weight int
	do     func(s *simulation, d *director)
}

var happenings = []happening{
	{12, func(s *simulation, _ *director) { s.push(s.fleet()) }},
	{3, func(s *simulation, d *director) { s.push(s.bad(d)) }},
	{1, func(s *simulation, _ *director) { s.fork() }},
	{8, func(s *simulation, d *director) { s.doom(d) }},
	{8, func(s *simulation, d *director) { s.raise(d) }},
	{3, func(s *simulation, d *director) { s.trace.say(d.name, "is stopped"); d.kill() }},
	{2, func(s *simulation, d *director) { s.reboots(d) }},
	{4, func(s *simulation, d *director) { s.severs(d) }},
	{5, func(s *simulation, _ *director) { s.heals() }},
	{3, func(s *simulation, _ *director) { s.slows() }},
	{4, func(s *simulation, d *director) { s.moves(d) }},
	{1, func(s *simulation, d *director) { s.lies(d) }},
	{2, func(s *simulation, d *director) { s.operates(d) }},
	{1, func(s *simulation, _ *director) { s.pass(10 * time.Minute) }},
}

// happen lets one thing happen, and some time pass: an instant, or up to half a minute.
func (s *simulation) happen() {
	total := 0
	for _, h := range happenings {
		total += h.weight
	}
	at := s.rng.IntN(total)
	for _, h := range happenings {
		if at -= h.weight; at < 0 {
			h.do(s, s.any())
			break
		}
	}
	wait := []time.Duration{10 * time.Millisecond, time.Second, 5 * time.Second, 30 * time.Second}[s.rng.IntN(4)]
	s.pass(time.Duration(s.rng.Int64N(int64(wait))) + time.Millisecond)
}

func (s *simulation) any() *director { return s.directors[s.names[s.rng.IntN(len(s.names))]] }

// fleet is a commit that all directors can hold.
func (s *simulation) fleet() string {
	out := fmt.Sprintf("web=%d db=%d syncid=%d", 1+s.rng.IntN(3), 1+s.rng.IntN(3), s.syncID())
	if s.rng.IntN(3) == 0 {
		out += " sysctl=" + strconv.Itoa(s.rng.IntN(2))
	}
	if s.rng.IntN(12) == 0 {
		out += " proceed"
	}
	return out + fmt.Sprintf(" note=%d", s.commits)
}

// syncID is mostly the one before: a syncid that changes again before all directors heard of the last change has no bridge.
func (s *simulation) syncID() int {
	if s.rng.IntN(6) == 0 {
		s.id++
	}
	return 11 + s.id
}

// bad is a commit that one director's kernel refuses.
func (s *simulation) bad(d *director) string {
	return fmt.Sprintf("web=%d db=1 syncid=%d", 101+slices.Index(s.names, d.name), 11+s.id)
}

// fork pushes over the branch: a commit beside the newest one.
func (s *simulation) fork() {
	left := s.heads
	s.pushOn(s.fleet(), s.root)
	s.heads = append(s.heads, left...) // what comes next merges both, as some directors hold one and some the other
}

// doom has a process die within its next few steps.
func (s *simulation) doom(d *director) {
	if d.agent != nil {
		s.trace.say(d.name, "is going to die")
		d.fate.in(1 + s.rng.IntN(40))
	}
}

// raise starts a process that is dead.
func (s *simulation) raise(d *director) {
	if d.agent == nil {
		s.trace.say(d.name, "is started")
		d.start()
	}
}

func (s *simulation) reboots(d *director) {
	s.trace.say(d.name, "goes down with its machine")
	d.reboot()
	s.pass(time.Duration(s.rng.Int64N(int64(time.Minute))))
	s.leaves(d)
	d.start()
}

// leaves gives what a director was master of to another one.
func (s *simulation) leaves(d *director) {
	for instance, name := range s.masters {
		if name == d.name {
			s.crown(instance, s.names[(slices.Index(s.names, name)+1)%len(s.names)])
		}
	}
	s.elect()
}

func (s *simulation) severs(d *director) {
	o := s.any()
	pair := [2]string{min(d.name, o.name), max(d.name, o.name)}
	s.trace.say(d.name, "and %s do not reach each other", o.name)
	s.links.alter(func() { s.links.cut[pair] = true })
}

func (s *simulation) heals() {
	s.trace.say("links", "are well")
	s.links.alter(func() { clear(s.links.cut) })
}

func (s *simulation) slows() {
	slow := []time.Duration{5 * time.Millisecond, 50 * time.Millisecond, 2 * time.Second}[s.rng.IntN(3)]
	s.trace.say("links", "take up to %v", slow)
	s.links.alter(func() { s.links.slow = slow })
}

func (s *simulation) moves(d *director) {
	instance := []string{"web", "db"}[s.rng.IntN(2)]
	s.trace.say(d.name, "becomes master of %s", instance)
	s.crown(instance, d.name)
	s.elect()
}

// lies has a director claim from now on that it holds and confirmed the branch's tip, and that it wants nothing.
func (s *simulation) lies(d *director) {
	s.trace.say(d.name, "lies")
	d.exclude()
	s.links.alter(func() {
		s.links.liars[d.name] = true
		s.links.lies = func(r spec.PeerReport) spec.PeerReport {
			tip := id(s.tip())
			r.Commit, r.Confirmed, r.Settled, r.Unproven, r.Waiting, r.Turn = tip, tip, true, false, nil, spec.Turn{}
			r.Heard = map[string]uint64{}
			for _, name := range s.names {
				r.Heard[name] = 1 << 63
			}
			return r
		}
	})
}

func (d *director) exclude() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.excluded = true
}

// operates has an operator do something on the spot.
func (s *simulation) operates(d *director) {
	if d.agent == nil {
		return
	}
	c := spec.Command{Reason: "simulated", Actor: spec.Actor{Login: "bob"}}
	switch s.rng.IntN(4) {
	case 0:
		c.Verb, c.Rev = spec.PinTo, id(s.root)
	case 1:
		c.Verb, c.For = spec.Suspend, time.Minute
	case 2:
		c.Verb, c.Rev = spec.Rollback, id(s.root)
	case 3:
		c.Verb = spec.Proceed
	}
	s.trace.say(d.name, "is told to %s", c.Verb)
	if c.Verb != spec.Suspend {
		d.exclude() // operators wait for nobody
	}
	s.command(d, c)
}

// command has a director do something; it may die of it.
func (s *simulation) command(d *director, c spec.Command) {
	done := make(chan error, 1)
	go func() { _, err := d.agent.Do(s.t.Context(), c); done <- err }()
	for range 600 {
		s.pass(100 * time.Millisecond)
		select {
		case err := <-done:
			s.trace.say(d.name, "answers: %v", err)
			return
		default:
		}
	}
	s.t.Errorf("%s does not end %s", d.name, c.Verb)
}

// calm ends all faults; a good commit, which comes then, has to reach everybody.
func (s *simulation) calm() {
	s.trace.say("world", "is calm")
	s.links.alter(func() {
		clear(s.links.cut)
		clear(s.links.liars)
		s.links.slow = 50 * time.Millisecond
	})
	s.each(func(d *director) {
		if d.agent != nil {
			d.fate.at.Store(0)
		} else {
			d.start()
		}
		for _, verb := range []spec.Verb{spec.Resume, spec.Unpin} {
			s.command(d, spec.Command{Verb: verb, Reason: "calm"})
		}
	})
	s.pass(time.Minute)
	s.settled(s.push(fmt.Sprintf("web=7 db=7 syncid=%d", 11+s.id)))
	s.each(func(d *director) {
		if got := d.holds(); got != fmt.Sprintf("web=7 db=7 syncid=%d/%d", 11+s.id, 11+s.id) {
			s.t.Errorf("%s ends with %s", d.name, got)
		}
	})
}

// holds is what the kernel has.
func (d *director) holds() string {
	out, state := "", d.kernel.Load().State()
	for i, r := range state.Dests {
		out += fmt.Sprintf("%s=%d ", []string{"web", "db"}[i], r.Value.Weight)
	}
	for i, r := range state.Daemons {
		out += []string{"syncid=", "/"}[i] + strconv.Itoa(int(r.Value.SyncID))
	}
	return out
}
