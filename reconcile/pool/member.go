package pool

import (
	"time"

	"github.com/lbsync/lbsync/spec"
)

// member is one real server of one service.
type member struct {
	service int // in Pools.services
	server  *spec.RealServer
	key     spec.DestKey
	checks  []int // in Pools.checks

	known  bool  // from an earlier Pools
	out    bool  // its checks have taken it out
	kept   bool  // and it was found with weight 0: it stays so until its checks say something
	asked  int32 // with which weight it was found, that its checks may have asked for; below 0: none
	judged bool  // by a verdict, and not only by how it was found
	since  time.Time
	why    string
	rising time.Time // since when its weight rises; zero: it has all of it
	held   bool      // its checks would take it out, and are not believed

	failing bool // its checks, whatever comes of it
}

// steps is in how many steps the weight of a real server rises that came back.
const steps = 10

// state is what the checks of a member come to together: all have to be up. The failure is that of the first that is down.
func (p *Pools) state(m *member) (spec.CheckState, string) {
	all := spec.CheckUp
	for _, i := range m.checks {
		switch v := &p.checks[i].verdict; v.State {
		case spec.CheckDown:
			return spec.CheckDown, v.Why
		case spec.CheckUnknown:
			all = spec.CheckUnknown
		}
	}
	return all, ""
}

// configured is the weight before a slow start: what a check asks for, or else what git says. As long as none has said anything, it is what
// they may have asked for before.
func (p *Pools) configured(m *member) int32 {
	for _, i := range m.checks {
		if v := &p.checks[i].verdict; v.State == spec.CheckUp && v.Weight >= 0 {
			return v.Weight
		}
	}
	if m.asked >= 0 && !m.judged {
		return m.asked
	}
	return m.server.Dest.Weight
}

// weight is what a member has while it is in.
func (p *Pools) weight(m *member, now time.Time) int32 {
	w := p.configured(m)
	if m.rising.IsZero() || w <= 1 {
		return w
	}
	return max(1, w*int32(p.step(m, now))/steps)
}

// step is how many steps of its weight a rising member has, from 1.
func (p *Pools) step(m *member, now time.Time) int {
	whole := p.services[m.service].server.SlowStart
	return min(steps, 1+int(now.Sub(m.rising)*(steps-1)/whole))
}

// nextStep is when a rising member has one step more.
func (p *Pools) nextStep(m *member, now time.Time) time.Time {
	whole := p.services[m.service].server.SlowStart
	n := time.Duration(p.step(m, now))
	// Rounded up: at that moment the step has to be reached.
	return m.rising.Add((whole*n + steps - 2) / (steps - 1))
}
