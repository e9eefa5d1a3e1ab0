package reconcile

import "github.com/lbsync/lbsync/spec"

// settle sorts a wanted state and leaves each key once. Several clusters of one director may say the same; where they contradict each
// other, or a hold says so, the object is left as it is.
func settle(s spec.State, holds []spec.Hold) (spec.State, []spec.Hold) {
	s.Daemons.Sort()
	s.Timeouts.Sort()
	s.Sysctls.Sort()
	held := heldKeys(holds)
	s.Services = once(s.Services, held, &holds)
	s.Dests = once(s.Dests, held, &holds)
	s.Daemons = once(s.Daemons, held, &holds)
	s.Timeouts = once(s.Timeouts, held, &holds)
	s.Sysctls = once(s.Sysctls, held, &holds)
	settleVRRP(&s.VRRP, held, &holds)
	return s, holds
}

// settleVRRP begins with the instances: what belongs to one that is held is held with it.
func settleVRRP(v *spec.VRRP, held keys, holds *[]spec.Hold) {
	v.Instances = sortedOnce(v.Instances, held, holds)
	v.Peers = sortedOnce(v.Peers, held, holds)
	v.Addresses = sortedOnce(v.Addresses, held, holds)
	v.Routes = sortedOnce(v.Routes, held, holds)
	v.Rules = sortedOnce(v.Rules, held, holds)
	v.Trackers = sortedOnce(v.Trackers, held, holds)
	v.Follow = sortedOnce(v.Follow, held, holds)
}

func sortedOnce[K spec.RowKey[K], V spec.RowValue](rows spec.Rows[K, V], held keys, holds *[]spec.Hold) spec.Rows[K, V] {
	rows.Sort()
	return once(rows, held, holds)
}

// once keeps the first row of each key, in place. Mostly every row stays, and then none is moved.
func once[K spec.RowKey[K], V spec.RowValue](rows spec.Rows[K, V], held keys, holds *[]spec.Hold) spec.Rows[K, V] {
	kept := 0
	for i := 0; i < len(rows); {
		next, agree := i+1, true
		for ; next < len(rows) && rows[next].Key == rows[i].Key; next++ {
			agree = agree && rows[next].Value == rows[i].Value
		}
		if !agree {
			*holds = append(*holds, contradiction(rows[i:next]))
			held[rows[i].Key] = true
		}
		if len(held) == 0 || !held.has(rows[i].Key) {
			if kept != i {
				rows[kept] = rows[i]
			}
			kept++
		}
		i = next
	}
	return rows[:kept]
}

func contradiction[K spec.RowKey[K], V spec.RowValue](rows spec.Rows[K, V]) spec.Hold {
	why := "declared with different settings at "
	for i, r := range rows {
		if i > 0 {
			why += " and "
		}
		why += r.Pos.String()
	}
	return spec.Hold{Key: rows[0].Key, Why: why + "; make them agree"}
}
