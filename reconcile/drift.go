package reconcile

import (
	"fmt"
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// DriftPolicy says what is done about drift. The zero DriftPolicy puts everything right.
type DriftPolicy struct {
	View     spec.View // whose clusters' rules hold
	Repaired Repaired
	Now      time.Time
}

// directorsOwn are the rules of what no cluster declares: the director's own sysctls.
var directorsOwn = spec.DriftRules{MostAnHour: 6}

// putBackEach is how often a service that flaps is put back when it is gone altogether, with its real servers: to leave it out for an
// hour would be worse than the fight.
const putBackEach = time.Minute

// driftJudge tells drift that is put right from drift that is left. It is asked for the changes of one plan, services first.
type driftJudge struct {
	DriftPolicy
	of    map[spec.ServiceKey]*spec.DriftRules // by service; nil until one is asked for
	left  map[spec.Key]bool                    // services and instances that are not put back: what belongs to them is not either
	putup map[spec.ServiceKey]bool             // services that are put back
}

// judge says whether drift is repaired, and if not whether it is reported, and why it is left.
func (j *driftJudge) judge(c *spec.Change) (repair, report bool, why string) {
	rules, mode := j.rules(c.Key)
	repair, report = mode == spec.DriftEnforce, mode != spec.DriftOff
	if mode == spec.DriftWarn {
		why = "its drift is only reported"
	}
	part := spec.PartOf(c.Key)
	switch {
	case repair && part != nil && j.left[part]:
		repair, why = false, fmt.Sprintf("%s %s is not put back", part.Kind(), part)
	case repair && j.Repaired.flaps(c.Key, rules.MostAnHour, j.Now) && !j.putBack(c):
		repair, why = false, fmt.Sprintf("put right %d times within the last hour", len(j.Repaired[c.Key]))
	}
	j.note(c, repair)
	return repair, report, why
}

// putBack says whether an object that flaps is a service that is gone, or a real server of one that is put back now.
func (j *driftJudge) putBack(c *spec.Change) bool {
	switch k := c.Key.(type) {
	case spec.ServiceKey:
		times := j.Repaired[k]
		return c.Action == spec.Add && j.Now.Sub(times[len(times)-1]) >= putBackEach
	case spec.DestKey:
		return j.putup[k.Service]
	}
	return false
}

// note keeps what decides for the parts of an object. The parts of one that is edited have their own rules.
func (j *driftJudge) note(c *spec.Change, repair bool) {
	if c.Action != spec.Add {
		return
	}
	if k, ok := c.Key.(spec.ServiceKey); ok && repair {
		if j.putup == nil {
			j.putup = map[spec.ServiceKey]bool{}
		}
		j.putup[k] = true
	}
	if !repair && spec.PartOf(c.Key) == nil {
		if j.left == nil {
			j.left = map[spec.Key]bool{}
		}
		j.left[c.Key] = true
	}
}

// rules are those of the clusters that declare an object: the strictest mode of its class, and the most corrections. Of what is declared
// nowhere they are those of all clusters.
func (j *driftJudge) rules(k spec.Key) (spec.DriftRules, spec.DriftMode) {
	if s, ok := serviceOf(k); ok {
		if r := j.byService()[s]; r != nil {
			return *r, modeOf(r, k)
		}
	}
	found := j.declaring(k)
	if len(found) == 0 && !j.directors(k) {
		for i := range j.View.Clusters {
			found = append(found, &j.View.Clusters[i].Drift)
		}
	}
	if j.directors(k) {
		found = append(found, &directorsOwn)
	}
	if len(found) == 0 {
		return spec.DriftRules{}, spec.DriftEnforce
	}
	out, mode := *found[0], modeOf(found[0], k)
	for _, r := range found[1:] {
		mode = min(mode, modeOf(r, k))
		if out.MostAnHour > 0 && (r.MostAnHour == 0 || r.MostAnHour > out.MostAnHour) {
			out.MostAnHour = r.MostAnHour
		}
	}
	return out, mode
}

func serviceOf(k spec.Key) (spec.ServiceKey, bool) {
	switch k := k.(type) {
	case spec.ServiceKey:
		return k, true
	case spec.DestKey:
		return k.Service, true
	}
	return spec.ServiceKey{}, false
}

func (j *driftJudge) byService() map[spec.ServiceKey]*spec.DriftRules {
	if j.of == nil {
		j.of = map[spec.ServiceKey]*spec.DriftRules{}
		for i := range j.View.Clusters {
			c := &j.View.Clusters[i]
			for n := range c.VirtualServers {
				for k := range c.VirtualServers[n].Def.EachKey() {
					j.of[k] = &c.Drift
				}
				for p := range c.VirtualServers[n].Def.EachPath() {
					j.of[p.Key] = &c.Drift
				}
			}
		}
	}
	return j.of
}

// declaring are the rules of the clusters that declare an object other than a service.
func (j *driftJudge) declaring(k spec.Key) []*spec.DriftRules {
	var out []*spec.DriftRules
	for i := range j.View.Clusters {
		if c := &j.View.Clusters[i]; declares(c, k) {
			out = append(out, &c.Drift)
		}
	}
	return out
}

func declares(c *spec.Cluster, k spec.Key) bool {
	switch k := k.(type) {
	case spec.Role:
		return c.Sync != nil
	case spec.TimeoutKey:
		return slices.ContainsFunc(c.Timeouts, func(t spec.Timeout) bool { return t.Key == k })
	case spec.SysctlKey:
		return c.Sync != nil && holds(c.Sync.Sysctls, k)
	case spec.InstanceKey:
		return slices.ContainsFunc(c.Instances, func(i spec.Placed[spec.VRRPInstance]) bool { return i.Def.Name == string(k) })
	}
	part := spec.PartOf(k)
	return part != nil && declares(c, part)
}

func holds(sysctls []spec.Sysctl, k spec.SysctlKey) bool {
	return slices.ContainsFunc(sysctls, func(s spec.Sysctl) bool { return s.Key == k })
}

// directors says whether an object is a sysctl of the director itself.
func (j *driftJudge) directors(k spec.Key) bool {
	s, ok := k.(spec.SysctlKey)
	return ok && j.View.Director.Def != nil && holds(j.View.Director.Def.Sysctls, s)
}

// modeOf is the mode of an object's class.
func modeOf(r *spec.DriftRules, k spec.Key) spec.DriftMode {
	switch k.(type) {
	case spec.ServiceKey:
		return r.Services
	case spec.DestKey:
		return r.RealServers
	case spec.Role:
		return r.SyncDaemons
	case spec.TimeoutKey, spec.SysctlKey:
		return r.Settings
	}
	return r.VRRP
}
