package policies

import (
	"reflect"

	"github.com/lbsync/lbsync/spec"
)

// delta is what a commit does to the real servers of a pair, worked out once for all rules.
type delta struct {
	added, removed int
	usable         int              // that took connections
	gone           int              // of these, that are removed or get weight 0
	undrained      int              // of these, that are removed
	first          *spec.RealServer // of undrained
	was, now       float64          // sum of weights
	scale          float64          // by which all were lowered: of the one that was lowered least; at most 1
	checked        bool             // those that stay are checked in another way
}

func deltaOf(p pair) delta {
	d := delta{checked: !sameChecks(p.was.Def.HealthChecks, p.now.Def.HealthChecks)}
	for was, now := range p.realServers() {
		switch {
		case was == nil:
			d.added++
			d.now += float64(now.Dest.Weight)
		case now == nil:
			d.removed++
			d.lose(was)
		default:
			d.keep(was, now)
		}
	}
	if d.scale = min(d.scale, 1); d.scale == 0 {
		d.scale = 1
	}
	return d
}

func (d *delta) lose(was *spec.RealServer) {
	d.was += float64(was.Dest.Weight)
	if was.Dest.Weight == 0 {
		return
	}
	d.usable++
	d.gone++
	if d.undrained++; d.undrained == 1 {
		d.first = was
	}
}

func (d *delta) keep(was, now *spec.RealServer) {
	before, after := float64(was.Dest.Weight), float64(now.Dest.Weight)
	d.was, d.now = d.was+before, d.now+after
	d.checked = d.checked || !sameChecks(was.HealthChecks, now.HealthChecks)
	if before == 0 {
		return
	}
	d.usable++
	d.scale = max(d.scale, after/before)
	if after == 0 {
		d.gone++
	}
}

// lost is the percentage of the weight that is lost. Weights mean something beside each other only: all of them lowered alike are no
// loss.
func (d *delta) lost() float64 {
	if d.was == 0 {
		return 0
	}
	return max(0, 100*(1-d.now/d.scale/d.was))
}

// sameChecks leaves out where checks stand.
func sameChecks(a, b []spec.HealthCheck) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		x.At, y.At = spec.Mark{}, spec.Mark{}
		if !reflect.DeepEqual(x, y) {
			return false
		}
	}
	return true
}
