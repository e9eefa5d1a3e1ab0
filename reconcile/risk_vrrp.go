package reconcile

import "github.com/lbsync/lbsync/spec"

// vrrpRisk is what a change of an engine's object may cost. What makes a director master or backup, or keeps it from hearing the others,
// may move the role; what is taken from a master ends what goes through it.
func vrrpRisk(c *spec.Change) spec.Risk {
	switch k := c.Key.Kind(); {
	case moves(c):
		return spec.RiskTransition
	case c.Action == spec.Remove && (k == spec.KindAddress || k == spec.KindRoute || k == spec.KindRule):
		return spec.RiskResets
	}
	return spec.RiskNone
}

func moves(c *spec.Change) bool {
	switch c.Key.(type) {
	case spec.InstanceKey:
		before, was := c.Before.(spec.Instance)
		after, is := c.After.(spec.Instance)
		return was && (!is || unheard(before, after) || outbids(before, after))
	case spec.PeerKey:
		return c.Action == spec.Remove // who is not heard any more counts as down
	case spec.TrackerKey:
		before, _ := c.Before.(spec.Tracking)
		after, _ := c.After.(spec.Tracking)
		return before.Weight != after.Weight // a part of the priority
	}
	return false
}

// unheard says whether advertisements go another way, or are such that a director with the settings of before drops them: until both
// are changed, each may hold the other for down. In version 2 the interval is among these (RFC 3768, section 7.1).
func unheard(before, after spec.Instance) bool {
	of := func(i spec.Instance) spec.Instance {
		way := spec.Instance{
			Interface: i.Interface, RouterID: i.RouterID, Version: i.Version, Family: i.Family, Unicast: i.Unicast, Source: i.Source, Group: i.Group,
			TTLMin: i.TTLMin, TTLMax: i.TTLMax, Secret: i.Secret, VMAC: i.VMAC,
		}
		if i.Version == 2 {
			way.Interval = i.Interval
		}
		return way
	}
	return of(before) != of(after)
}

// outbids says whether another director may become master by the new priorities. Who owns the addresses (255) takes over whatever
// preempt says (RFC 9568, section 6.1).
func outbids(before, after spec.Instance) bool {
	if !after.Preempt {
		return before.Priority != after.Priority && max(before.Priority, after.Priority) == 255
	}
	return before.Priority != after.Priority || !before.Preempt
}
