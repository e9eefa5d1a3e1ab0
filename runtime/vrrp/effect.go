package vrrp

import "net/netip"

// Effect is something the driver has to do. Effects of a step are carried out in their order: a new Active router advertises before
// it takes the addresses (RFC 9568, section 6.4.2), one that leaves advertises priority 0 before it gives them up.
type Effect struct {
	Do       Action
	Member   int   // of the group
	Priority uint8 // Send: of the advertisement; Changed: effective priority
	Burst    Burst // Announce
	Repeat   uint32
	From, To State // Changed; equal when a conflict was won and the router stays Active
	Why      Why   // Changed
	// Peer is the router whose advertisement was the cause, and PeerPriority its priority. Changed; zero where nobody was heard.
	Peer         netip.Addr
	PeerPriority uint8
}

// Action is the kind of an effect.
type Action uint8

// The actions. Acquire and Release stand for all that goes with the role: addresses, routes, rules, sync daemons.
const (
	Send     Action = iota // an advertisement of Priority
	Acquire                // what the Active router holds; what is held already stays
	Release                // what was acquired
	Announce               // the addresses, Repeat times
	Changed                // tell of the transition
)

var actionNames = [...]string{"send", "acquire", "release", "announce", "changed"}

func (a Action) String() string { return actionNames[a] }

// Burst is the occasion of an announcement.
type Burst uint8

// The bursts, as keepalived has them.
const (
	BurstActive        Burst = iota // the router became Active
	BurstSecond                     // Announcing.Delay later
	BurstRefresh                    // each Announcing.Refresh
	BurstLowerPriority              // a conflict was won
)

var burstNames = [...]string{"active", "second", "refresh", "lower priority"}

func (b Burst) String() string { return burstNames[b] }

// Why is the cause of a transition.
type Why uint8

// The causes.
const (
	WhyStarted Why = iota
	WhyResumed
	WhyShutdown
	WhyOwner
	WhyTimeout
	WhyReleased
	WhyPreempted
	WhyHigherPriority
	WhyHigherAddress
	WhyLowerPriority
	WhyFault
	WhyRecovered
	WhySyncGroup
	WhyHandover
)

var whyTexts = [...]string{
	"started", "resumed after a restart in place", "shut down", "owns the addresses", "no advertisement in time", "the active router gave up its role",
	"preempted a lower priority", "heard a higher priority", "heard an equal priority from a higher address", "won over a lower priority",
	"a tracker failed", "the trackers recovered", "another member of the sync group", "handed over",
}

// String is a clause such as "no advertisement in time".
func (w Why) String() string { return whyTexts[w] }
