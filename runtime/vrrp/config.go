package vrrp

import (
	"net/netip"
	"time"
)

// Config is what the state machine needs to know of a virtual router. The caller has checked the ranges.
type Config struct {
	RouterID uint8 // 1..255
	Version  uint8 // 2 or 3
	IPv6     bool
	Priority uint8         // 1..255; 255 owns the addresses
	Interval time.Duration // Advertisement_Interval; version 3: 10 ms..40.95 s, version 2: whole seconds
	// Preempt is Preempt_Mode: take over from a lower priority. An owner always does (RFC 9568, section 6.1).
	Preempt      bool
	PreemptDelay time.Duration // since a lower priority was first heard
	StartupDelay time.Duration // since Start, before the first election
	DownAdverts  uint8         // intervals without advertisement after which the Active router is down, 1..100; RFC: 3
	Source       netip.Addr    // own address on the link; the higher one wins between equal priorities
	Announce     Announcing
}

// Announcing is when the addresses are announced by gratuitous ARP or unsolicited neighbour advertisements.
type Announcing struct {
	Repeat        uint32        // times each address is announced in a burst
	Delay         time.Duration // before the second burst; 0 is none
	Refresh       time.Duration // between later bursts; 0 is none
	RefreshRepeat uint32        // times each address is announced then
	LowerPriority bool          // also after another router advertised a lower priority as if it were Active
}

// InPlace says whether a running machine can change from c to next by Reconfigure. Where not, other routers see another virtual
// router: the driver steps Shutdown, replaces the Group and steps Start.
func (c Config) InPlace(next Config) bool {
	return c.RouterID == next.RouterID && c.Version == next.Version && c.IPv6 == next.IPv6
}

// owner says whether the router owns the addresses (RFC 9568, section 6.1).
func (c Config) owner() bool { return c.Priority == priorityOwner }

const (
	priorityOwner   = 255
	priorityRelease = 0 // the Active router stops to take part (RFC 9568, section 5.2.4)
)
