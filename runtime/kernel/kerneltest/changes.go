package kerneltest

import "github.com/lbsync/lbsync/spec"

// Changes lead from one state to another: removals of real servers and services, then services, real servers and daemons that are
// new or other. It is what the suite needs of a diff, no more: no order among risks, no ownership.
func Changes(from, to spec.State) []spec.Change {
	var out []spec.Change
	out = append(out, removals(from.Daemons, to.Daemons)...)
	for _, c := range removals(from.Dests, to.Dests) {
		// Those of a service that goes, go with it.
		if _, stays := to.Services.Find(c.Key.(spec.DestKey).Service); stays {
			out = append(out, c)
		}
	}
	out = append(out, removals(from.Services, to.Services)...)
	out = append(out, writes(from.Services, to.Services)...)
	out = append(out, writes(from.Dests, to.Dests)...)
	return append(out, writes(from.Daemons, to.Daemons)...)
}

func removals[K spec.RowKey[K], V spec.RowValue](from, to spec.Rows[K, V]) []spec.Change {
	var out []spec.Change
	for _, r := range from {
		if _, stays := to.Find(r.Key); !stays {
			out = append(out, Remove(r.Key))
		}
	}
	return out
}

func writes[K spec.RowKey[K], V spec.RowValue](from, to spec.Rows[K, V]) []spec.Change {
	var out []spec.Change
	for _, r := range to {
		if was, ok := from.Find(r.Key); !ok {
			out = append(out, Add(r.Key, r.Value))
		} else if was.Value != r.Value {
			out = append(out, Edit(r.Key, r.Value))
		}
	}
	return out
}

// Add is the change that adds an object.
func Add(k spec.Key, v spec.Value) spec.Change {
	return spec.Change{Key: k, Action: spec.Add, After: v}
}

// Edit is the change that gives an object other settings.
func Edit(k spec.Key, v spec.Value) spec.Change {
	return spec.Change{Key: k, Action: spec.Edit, After: v}
}

// Remove is the change that removes an object.
func Remove(k spec.Key) spec.Change { return spec.Change{Key: k, Action: spec.Remove} }

// advance is a state after the changes that went well: what an agent knows without reading.
func advance(st spec.State, changes []spec.Change, errs []error) spec.State {
	services, dests := map[spec.ServiceKey]spec.Service{}, map[spec.DestKey]spec.Dest{}
	restore(services, st.Services)
	restore(dests, st.Dests)
	for i, c := range changes {
		if errs[i] != nil {
			continue
		}
		switch v := c.After.(type) {
		case spec.Service:
			services[c.Key.(spec.ServiceKey)] = v
		case spec.Dest:
			dests[c.Key.(spec.DestKey)] = v
		}
	}
	return spec.State{Services: rows(services), Dests: rows(dests), Daemons: st.Daemons, Timeouts: st.Timeouts, Sysctls: st.Sysctls}
}
