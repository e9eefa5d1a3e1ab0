package policies

import (
	"fmt"

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
		if d := p.delta; d.checked && d.added+d.removed > 0 {
			out = append(out, found(p.now.Place.Pos(p.now.Def.At), fmt.Sprintf("virtual_server %q gets other health checks and other real servers at once", p.now.Def.Name),
				"New real servers: %d, gone: %d, and its health_check is another than in the accepted commit (%s). If they go down, it is not known which of the two takes them down. Change one of them in a commit of its own.",
				d.added, d.removed, p.was.Place.Pos(p.was.Def.At)))
		}
	}
	return out
}
