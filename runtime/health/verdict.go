package health

import (
	"math"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// judge turns the results of one check into its verdict. Rise successes in a row make it up and Fall failures in a row make it down;
// while there is no verdict, one success makes it up, for a server that answers is not to be kept waiting, and Fall failures make it
// down.
type judge struct {
	state spec.CheckState
	ok    bool   // the last result
	count uint32 // results like the last one in a row
	flaps flaps
}

// take says whether a result turned the verdict.
func (j *judge) take(c *spec.Check, ok bool, now instant) (turned bool) {
	if ok != j.ok {
		j.ok, j.count = ok, 0
	}
	if j.count < math.MaxUint32 {
		j.count++
	}
	switch {
	case ok && (j.state == spec.CheckUnknown || j.state == spec.CheckDown && j.count >= j.rise(c, now)):
		j.state = spec.CheckUp
	case !ok && j.state != spec.CheckDown && j.count >= max(1, c.Fall):
		if j.state == spec.CheckUp {
			j.flaps.fell(c, now)
		}
		j.state = spec.CheckDown
	default:
		return false
	}
	return true
}

// rise is how many successes in a row it takes to come up.
func (j *judge) rise(c *spec.Check, now instant) uint32 {
	return max(1, c.Rise) << j.flaps.level(c, now)
}

// pace is the time from one probe to the next.
type pace struct {
	every time.Duration
	grid  bool // at the check's phase, not counted from the probe before
}

// pace is fast while the verdict is forming: the last result speaks against it, or there is none yet but failures. What damping asks
// for beyond Rise is waited for at the usual interval.
func (j *judge) pace(c *spec.Check) pace {
	switch {
	case j.count == 0:
		return pace{c.Interval, true}
	case j.state == spec.CheckUp && j.ok:
		return pace{c.Interval, true}
	case j.state == spec.CheckDown && !j.ok:
		return pace{c.DownInterval, false}
	case j.state == spec.CheckDown && j.count >= c.Rise:
		return pace{c.Interval, true}
	}
	return pace{c.FastInterval, false}
}
