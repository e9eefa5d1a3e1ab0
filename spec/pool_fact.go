package spec

import (
	"cmp"
	"slices"
	"time"
)

// PoolFact is what the checks of a service's real servers ask for instead of what is configured.
type PoolFact struct {
	Members []MemberFact        // by key, only those that are affected
	Sorry   *Row[DestKey, Dest] // stands in for all of them; nil: it does not
}

// MemberFact is what the checks of one real server ask for.
type MemberFact struct {
	Key    DestKey
	Gone   bool  // it leaves the service
	Weight int32 // it has, while it is not gone
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
	Left  int       `json:"left"`            // connections, when they were counted last; below 0: not counted yet
}

// Effect says that a real server is in a wanted state, or missing there, not as git has it.
type Effect struct {
	Key   DestKey
	By    Reason // ByOverride, ByHealth or ByDrain
	Extra bool   // git does not declare it
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
