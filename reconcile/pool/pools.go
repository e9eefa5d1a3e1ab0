package pool

import (
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Pools are the services of a view whose real servers are checked, with what is known of each. Its methods belong to one goroutine.
type Pools struct {
	services []service // by key
	members  []member
	checks   []check
	byCheck  map[spec.Check]int
	rising   map[int]bool // members whose weight rises
	facts    map[spec.ServiceKey]spec.PoolFact
	shift    uint64
	all      brake
	down     int // checks that are
	news     []News
	listed   int           // real servers that Status had last
	within   time.Duration // the longest of all checks
	easing   map[int]bool  // services whose brake was let go, and holds for a time still
}

// service is one IPVS service of a virtual_server.
type service struct {
	key     spec.ServiceKey
	server  *spec.VirtualServer
	place   spec.Place
	members []int
	known   bool // from an earlier Pools
	lost    bool // its quorum
	brake   brake
	within  time.Duration // the longest of its checks
	down    int           // members whose checks fail
}

// check is one that runs, and whom it is about.
type check struct {
	check   spec.Check
	verdict spec.Verdict
	members []int
	began   time.Time // when it was run first; zero: not yet
}

// News is what became of a real server, or of a service, for journal and notification.
type News struct {
	Key   spec.Key // a DestKey, or the ServiceKey whose quorum, or brake, it is; nil: the brake of all checks
	What  string   // real_server, quorum or brake
	State string   // up or down; on or off of a brake
	Why   string
}

// New are the pools of a view. What an earlier one knew of the same real servers and checks is kept; it is nil after a restart. A real
// server that is not known yet is as live has it, until its first verdict: what took it out then is likely to last. Of one whose weight
// is an override's live says nothing. Else it is as start_state says.
func New(v spec.View, was *Pools, live spec.State, now time.Time, overrides ...spec.Override) *Pools {
	p := &Pools{byCheck: map[spec.Check]int{}, rising: map[int]bool{}, facts: map[spec.ServiceKey]spec.PoolFact{}, easing: map[int]bool{}, shift: 1}
	for _, d := range declarations(v) {
		p.addService(d)
	}
	for i := range v.Clusters {
		p.all.limit = max(p.all.limit, v.Clusters[i].Brake.All)
	}
	if len(p.checks) < leastChecks {
		p.all.limit = 100
	}
	if was != nil {
		p.shift = was.shift + 1
		p.takeOver(was, now)
	}
	for i := range p.members {
		if m := &p.members[i]; !m.known && len(m.checks) > 0 {
			p.find(i, live, was == nil, overrides, now)
		}
		p.see(&p.members[i])
	}
	// Who is out hangs on the brakes, and these on all who fail.
	p.ease(now)
	for i := range p.members {
		p.turn(i, now)
	}
	for i := range p.services {
		p.settle(i, now)
	}
	if was == nil {
		p.news = nil // how it was found is no news
	}
	return p
}

// declaration is one service of a virtual_server block.
type declaration struct {
	key    spec.ServiceKey
	server spec.Placed[spec.VirtualServer]
	limit  uint32 // of its brake
}

// declarations are those of a view, by key.
func declarations(v spec.View) []declaration {
	var out []declaration
	for i := range v.Clusters {
		c := &v.Clusters[i]
		for _, s := range c.VirtualServers {
			for k := range s.Def.EachKey() {
				out = append(out, declaration{k, s, c.Brake.Service})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b declaration) int { return a.key.Compare(b.key) })
	return out
}

// addService adds a service of which at least one real server is checked.
func (p *Pools) addService(d declaration) {
	s, k, at := d.server, d.key, len(p.services)
	out := service{key: k, server: s.Def, place: s.Place, brake: brake{limit: d.limit}}
	checked := false
	for i := range s.Def.RealServers {
		m := member{service: at, server: &s.Def.RealServers[i], asked: -1}
		m.key = m.server.Key(k)
		for _, c := range s.Def.Checks(m.server, k) {
			m.checks = append(m.checks, p.addCheck(c, len(p.members)))
			out.within, out.brake.spell, checked = max(out.within, within(c)), max(out.brake.spell, recovers(c)), true
		}
		p.within, p.all.spell = max(p.within, out.within), max(p.all.spell, out.brake.spell)
		out.members = append(out.members, len(p.members))
		p.members = append(p.members, m)
	}
	if !checked {
		p.members = p.members[:len(p.members)-len(out.members)]
		return
	}
	p.services = append(p.services, out)
}

func (p *Pools) addCheck(c spec.Check, m int) int {
	i, ok := p.byCheck[c]
	if !ok {
		i = len(p.checks)
		p.byCheck[c] = i
		p.checks = append(p.checks, check{check: c, verdict: spec.Verdict{Check: c, Weight: -1}})
	}
	p.checks[i].members = append(p.checks[i].members, m)
	return i
}

// Checks are all that are to be run, once for each real server that has them, and how each begins where that is known.
func (p *Pools) Checks() ([]spec.Check, map[spec.Check]spec.CheckState) {
	var out []spec.Check
	states := map[spec.Check]spec.CheckState{}
	for i := range p.checks {
		c := &p.checks[i]
		for range c.members {
			out = append(out, c.check)
		}
		if c.verdict.State != spec.CheckUnknown {
			states[c.check] = c.verdict.State
		}
	}
	return out, states
}

// Pathed says whether any check goes along the real path.
func (p *Pools) Pathed() bool {
	return slices.ContainsFunc(p.checks, func(c check) bool { return c.check.Path.Mark != 0 })
}

// Any says whether any real server is checked.
func (p *Pools) Any() bool { return len(p.checks) > 0 }

// Facts are what is asked of the services, by key, and the number that tells this asking from others. The map is not to be altered, and
// not to be kept over another call.
func (p *Pools) Facts() (map[spec.ServiceKey]spec.PoolFact, uint64) { return p.facts, p.shift }

// News are what happened since the last call.
func (p *Pools) News() []News {
	out := p.news
	p.news = nil
	return out
}
