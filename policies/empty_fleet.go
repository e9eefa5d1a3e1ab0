package policies

import "github.com/lbsync/lbsync/spec"

// emptyFleet refuses a fleet that lost all it serves: a path that names the wrong folder, a checkout of nothing, a generator that wrote
// no file.
type emptyFleet struct{}

func (emptyFleet) Name() string      { return "empty-fleet" }
func (emptyFleet) Level() spec.Level { return spec.Deny }
func (emptyFleet) Meaning() string {
	return "A fleet that serves something does not become one without any virtual_server: every director would remove all its services."
}
func (emptyFleet) Lacks(in *Input) string { return in.noPrior() }

func (emptyFleet) Check(in *Input) []Finding {
	for _, c := range in.Fleet.Clusters {
		if len(c.VirtualServers) > 0 {
			return nil
		}
	}
	n := len(in.pairs())
	if n == 0 {
		return nil
	}
	what := "No virtual_server is left"
	if len(in.Fleet.Clusters) == 0 {
		what = "No cluster is left"
	}
	return []Finding{found(spec.Pos{}, what,
		"The accepted commit has %s, the first at %s. All of them would be removed, with every connection. If the fleet was moved or is made by a program, look at the folder that is loaded. To shut a fleet down, stop lbsync on its directors first.",
		count(n, "virtual_server", "virtual_servers"), firstServer(in.pairs()))}
}

func firstServer(pairs []pair) spec.Pos { return pairs[0].was.Place.Pos(pairs[0].was.Def.At) }
