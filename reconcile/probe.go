package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// fewConnections is below what a service's connections say little: one client that leaves is a collapse then.
const fewConnections = 20

// Judge compares the vitals after a commit with those before, and returns the probes that do not hold. What was as bad before is not
// the commit's fault.
func Judge(before, now spec.Vitals, c spec.Confirm) []spec.Unmet {
	var out []spec.Unmet
	for _, f := range now.Missing {
		if !slices.ContainsFunc(before.Missing, func(b spec.Failure) bool { return b.Object == f.Object }) {
			out = append(out, spec.Unmet{Probe: "applied", Now: f.Error})
		}
	}
	out = append(out, judgeQuorums(before.Quorums, now.Quorums)...)
	out = append(out, judgeBrakes(before, now)...)
	out = append(out, judgeInstances(before.Instances, now.Instances)...)
	out = append(out, judgeReceptions(before, now)...)
	out = append(out, judgeConnections(before.Connections, now.Connections, c.Connections)...)
	for _, name := range slices.Sorted(maps.Keys(now.Coverage)) {
		if was, had := before.Coverage[name]; now.Coverage[name] < c.Coverage && (!had || was >= c.Coverage) {
			out = append(out, spec.Unmet{Probe: "coverage", Object: name, Now: fmt.Sprintf("%.2f %% of the connections, less than %g %%", now.Coverage[name], c.Coverage)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before.Peers)) {
		if answers, still := now.Peers[name]; before.Peers[name] && still && !answers {
			out = append(out, spec.Unmet{Probe: "peer", Object: name, Before: "answers", Now: "does not answer"})
		}
	}
	if before.Source && !now.Source {
		out = append(out, spec.Unmet{Probe: "git", Before: "answers", Now: "does not answer"})
	}
	return out
}

// judgeQuorums wants no service to lose the quorum that it had: the real servers or the checks of the commit are wrong, or it is bad luck,
// and then the commit can come again.
func judgeQuorums(before, now map[spec.ServiceKey]bool) []spec.Unmet {
	var out []spec.Unmet
	for k, had := range before {
		if has, there := now[k]; had && there && !has {
			out = append(out, spec.Unmet{Probe: "quorum", Object: k.String(), Before: "held", Now: "lost: lbsync get checks says what fails"})
		}
	}
	slices.SortFunc(out, func(a, b spec.Unmet) int { return cmp.Compare(a.Object, b.Object) })
	return out
}

// judgeBrakes wants no brake to come on, of all checks or of a service whose quorum is asked: behind it nobody leaves, whatever the commit
// does, and so a quorum that is held says nothing.
func judgeBrakes(before, now spec.Vitals) []spec.Unmet {
	objects := []string{""}
	for k := range before.Quorums {
		objects = append(objects, k.String())
	}
	slices.Sort(objects)
	var out []spec.Unmet
	for _, o := range objects {
		_, was := before.Brakes[o]
		if says, on := now.Brakes[o]; on && !was {
			out = append(out, spec.Unmet{Probe: "brake", Object: o, Now: says})
		}
	}
	return out
}

// judgeInstances wants one master of each instance that had one, never two, and none in fault that was not.
func judgeInstances(before, now map[string]spec.Vital) []spec.Unmet {
	var out []spec.Unmet
	for _, name := range slices.Sorted(maps.Keys(now)) {
		was, had := before[name]
		if is := now[name]; worse(was, had, is) {
			u := spec.Unmet{Probe: "one master", Object: name, Now: vitalText(is)}
			if had {
				u.Before = vitalText(was)
			}
			out = append(out, u)
		}
	}
	return out
}

func worse(was spec.Vital, had bool, is spec.Vital) bool {
	switch {
	case is.State == spec.VRRPFault:
		return !had || was.State != spec.VRRPFault
	case len(is.Masters) > 1:
		return !had || len(was.Masters) <= 1
	}
	return len(is.Masters) == 0 && len(was.Masters) == 1 // a new one may still wait for its timers
}

func vitalText(v spec.Vital) string {
	return string(v.State) + ", master: " + cmp.Or(strings.Join(v.Masters, " and "), "none")
}

// judgeConnections wants that no service lost most of its connections. A service that is gone was taken away.
func judgeConnections(before, now map[spec.ServiceKey]int, percent int) []spec.Unmet {
	var out []spec.Unmet
	for k, was := range before {
		if is, there := now[k]; there && was >= fewConnections && is*100 < was*percent {
			out = append(out, spec.Unmet{Probe: "connections", Object: k.String(), Before: strconv.Itoa(was), Now: fmt.Sprintf("%d, less than %d %%", is, percent)})
		}
	}
	slices.SortFunc(out, func(a, b spec.Unmet) int { return cmp.Compare(a.Object, b.Object) })
	return out
}

// Baseline is what two commits are judged against of which the second came in the trial of the first: the vitals before the first, and of
// services that only the second touches those before that one. A quorum counts that was held before either.
func Baseline(first, second spec.Vitals) spec.Vitals {
	out := first
	out.Quorums, out.Connections = map[spec.ServiceKey]bool{}, maps.Clone(second.Connections)
	maps.Copy(out.Quorums, second.Quorums)
	for k, held := range first.Quorums {
		out.Quorums[k] = out.Quorums[k] || held
	}
	if out.Connections == nil {
		out.Connections = map[spec.ServiceKey]int{}
	}
	maps.Copy(out.Connections, first.Connections)
	return out
}

// Served are those of some services for which a view has real servers that take clients. Where none of them is checked all are in, and so
// the quorum is held.
func Served(v spec.View, services []spec.ServiceKey) []spec.ServiceKey {
	var out []spec.ServiceKey
	for i := range v.Clusters {
		for _, s := range v.Clusters[i].VirtualServers {
			if !slices.ContainsFunc(s.Def.RealServers, func(r spec.RealServer) bool { return r.Dest.Weight > 0 }) {
				continue
			}
			for k := range s.Def.EachKey() {
				if slices.Contains(services, k) {
					out = append(out, k)
				}
			}
		}
	}
	return out
}

// ConfirmOf is what a view asks of a commit before it counts as good: the strictest of its clusters.
func ConfirmOf(v spec.View) spec.Confirm {
	var out spec.Confirm
	for i := range v.Clusters {
		c := v.Clusters[i].Confirm
		out.Timeout, out.Connections, out.Coverage = max(out.Timeout, c.Timeout), max(out.Connections, c.Connections), max(out.Coverage, c.Coverage)
	}
	return out
}
