package spec

import (
	"cmp"
	"slices"
	"time"
)

// PoolFact is what the checks of a service's real servers ask for instead of what is configured.
type PoolFact struct {
	Members []MemberFact        `json:"members,omitempty"`      // by key, only those that are affected
	Sorry   *Row[DestKey, Dest] `json:"sorry_server,omitempty"` // stands in for all of them; nil: it does not
}

// ServicePool is the PoolFact of a service, as documents have it.
type ServicePool struct {
	Service ServiceKey `json:"service"`
	PoolFact
}

// PoolsOf are facts as documents have them, by key.
func PoolsOf(facts map[ServiceKey]PoolFact) []ServicePool {
	var out []ServicePool
	for k, f := range facts {
		out = append(out, ServicePool{k, f})
	}
	slices.SortFunc(out, func(a, b ServicePool) int { return a.Service.Compare(b.Service) })
	return out
}

// PoolFacts are the facts of a document; nil without any.
func PoolFacts(pools []ServicePool) map[ServiceKey]PoolFact {
	var out map[ServiceKey]PoolFact
	for _, p := range pools {
		if out == nil {
			out = make(map[ServiceKey]PoolFact, len(pools))
		}
		out[p.Service] = p.PoolFact
	}
	return out
}

// MemberFact is what the checks of one real server ask for.
type MemberFact struct {
	Key    DestKey `json:"real_server"`
	Gone   bool    `json:"gone,omitempty"` // it leaves the service
	Weight int32   `json:"weight"`         // it has, while it is not gone
}

// Failing is what fails on a director beyond the limits of its brakes, whether they are on or not: others ask it before they believe
// their own checks.
type Failing struct {
	Checks   int          `json:"checks,omitempty"`   // percent of all; 0 where that is within the limit
	Services []ServiceKey `json:"services,omitempty"` // in order, at most MostFailing
}

// MostFailing is how many services a director names as failing.
const MostFailing = 1000

// Drain is a real server that was removed and keeps its open connections for a time.
type Drain struct {
	Key   DestKey   `json:"real_server"`
	Dest  Dest      `json:"settings"` // with weight 0
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`           // it is removed then, whatever is left
	Ended string    `json:"ended,omitempty"` // why it is over; "": it is not
	Left  int       `json:"left"`            // connections, when they were counted last; below 0: not known
}

// Effect says that a real server is in a wanted state, or missing there, not as git has it.
type Effect struct {
	Key   DestKey `json:"real_server"`
	By    Reason  `json:"by"`              // ByOverride, ByHealth or ByDrain
	Extra bool    `json:"extra,omitempty"` // git does not declare it
}

// EffectOn is the effect on a real server; nil: git alone says what is wanted.
func (s *State) EffectOn(k DestKey) *Effect {
	i, ok := slices.BinarySearchFunc(s.Effects, k, func(e Effect, k DestKey) int { return e.Key.Compare(k) })
	if !ok {
		return nil
	}
	return &s.Effects[i]
}

// EffectRange is where the effects on one service's real servers stand in Effects.
func (s *State) EffectRange(k ServiceKey) (from, to int) {
	from, _ = slices.BinarySearchFunc(s.Effects, k, func(e Effect, k ServiceKey) int { return cmp.Or(e.Key.Service.Compare(k), 1) })
	to = from
	for to < len(s.Effects) && s.Effects[to].Key.Service == k {
		to++
	}
	return from, to
}
