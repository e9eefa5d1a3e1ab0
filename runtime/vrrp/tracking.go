package vrrp

// Verdict is what one tracker says.
type Verdict struct {
	Weight int16 // -253..253; 0: bad is a fault
	Good   bool  // a tracker that has not said anything yet counts as good
}

// Tally sums up the verdicts on a member.
type Tally struct {
	Weight int  // added to the priority
	Fault  bool // a tracker without weight is bad
}

// Count sums up: a weight above 0 counts while the tracker is good, one below 0 while it is bad (keepalived's rule).
func Count(verdicts []Verdict) Tally {
	var t Tally
	for _, v := range verdicts {
		switch {
		case v.Weight == 0:
			t.Fault = t.Fault || !v.Good
		case v.Good == (v.Weight > 0):
			t.Weight += int(v.Weight)
		}
	}
	return t
}

// effective is the priority that is advertised. Weights leave an owner alone, make nobody an owner, and never reach 0, which would
// end the role.
func effective(priority uint8, t Tally) uint8 {
	if priority == priorityOwner {
		return priority
	}
	return uint8(min(max(int(priority)+t.Weight, 1), priorityOwner-1))
}
