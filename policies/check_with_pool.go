package policies

import (
	"fmt"
	"reflect"

	"github.com/lbsync/lbsync/spec"
)

// checkWithPool advises to change how real servers are checked and which there are in two commits: if they are down afterwards, nobody
// knows which of the two it was, and a revert takes back both.
type checkWithPool struct{}

func (checkWithPool) Name() string      { return "check-with-pool" }
func (checkWithPool) Level() spec.Level { return spec.Advise }
func (checkWithPool) Meaning() string {
	return "One commit changes the health_check of a virtual_server or the list of its real servers, not both."
}
func (checkWithPool) Lacks(in *Input) string { return in.noPrior() }

func (checkWithPool) Check(in *Input) []Finding {
	var out []Finding
	for _, p := range in.pairs() {
		if p.now.Def == nil || p.now.Def == p.was.Def {
			continue
		}
		if added, removed, checks := p.poolAndChecks(); checks && added+removed > 0 {
			out = append(out, found(p.now.Place.Pos(p.now.Def.At), fmt.Sprintf("virtual_server %q gets other health checks and other real servers at once", p.now.Def.Name),
				"New real servers: %d, gone: %d, and its health_check is another than in the accepted commit (%s). Once checks are run, which this version does not do, it would not be known which of the two takes them down. Change one of them in a commit of its own.",
				added, removed, p.was.Place.Pos(p.was.Def.At)))
		}
	}
	return out
}

// poolAndChecks is how many real servers are new and gone, and whether those that stay are checked in another way.
func (p pair) poolAndChecks() (added, removed int, checks bool) {
	checks = !sameChecks(p.was.Def.HealthChecks, p.now.Def.HealthChecks)
	for was, now := range p.realServers() {
		switch {
		case was == nil:
			added++
		case now == nil:
			removed++
		case !sameChecks(was.HealthChecks, now.HealthChecks):
			checks = true
		}
	}
	return added, removed, checks
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
