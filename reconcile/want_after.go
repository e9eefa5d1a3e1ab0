package reconcile

import (
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// WantAfter is Want(v, f), and costs less where v has much in common with an earlier view that was rendered into a state: the rows of
// virtual servers that are the same pointers at the same places in both are taken from there, as they are. A Loader keeps the pointers
// of what did not change.
func WantAfter(earlier spec.View, was spec.State, v spec.View, f spec.Facts) (spec.State, []spec.Hold) {
	was.Dests = was.AsDeclared()
	services, dests, ok := carryOver(placed(earlier), was, placed(v))
	if !ok {
		return Want(v, f)
	}
	s, holds := wantBeside(v, f)
	s, holds = settle(s, holds)
	s.Services, s.Dests = services, dests
	weigh(&s, f)
	return s, holds
}

// carryOver replaces in an earlier state the services of the virtual servers that differ. It is false where a service or a real server
// is declared twice, before or now: then it takes all of them to tell what is wanted.
func carryOver(before []server, was spec.State, now []server) (spec.Rows[spec.ServiceKey, spec.Service], spec.Rows[spec.DestKey, spec.Dest], bool) {
	gone, come := apartFrom(before, now)
	old, lost, added := sizeOf(before), sizeOf(gone), sizeOf(come)
	if old.services != len(was.Services) || old.dests != len(was.Dests) {
		return nil, nil, false
	}
	if len(gone)+len(come) == 0 {
		return was.Services, was.Dests, true
	}
	services, dests := serviceRows(come)
	p := splice{
		services: make(spec.Rows[spec.ServiceKey, spec.Service], 0, len(was.Services)+len(services)),
		dests:    make(spec.Rows[spec.DestKey, spec.Dest], 0, len(was.Dests)+len(dests)),
		from:     was, put: spec.State{Services: services, Dests: dests},
	}
	for _, k := range touched(gone, come) {
		p.replace(k)
	}
	p.services, p.dests = append(p.services, p.from.Services...), append(p.dests, p.from.Dests...)
	unique := increasing(services) && increasing(dests) &&
		len(p.services) == old.services-lost.services+added.services && len(p.dests) == old.dests-lost.dests+added.dests
	return p.services, p.dests, unique
}

// apartFrom are the virtual servers that only one of two lists has, where the lists are taken to be in the same order.
func apartFrom(before, now []server) (gone, come []server) {
	for len(before) > 0 && len(now) > 0 && before[0] == now[0] {
		before, now = before[1:], now[1:]
	}
	for len(before) > 0 && len(now) > 0 && before[len(before)-1] == now[len(now)-1] {
		before, now = before[:len(before)-1], now[:len(now)-1]
	}
	if len(before) != len(now) {
		return before, now
	}
	for i := range now {
		if before[i] != now[i] {
			gone, come = append(gone, before[i]), append(come, now[i])
		}
	}
	return gone, come
}

// size is how many rows virtual servers stand for.
type size struct{ services, dests int }

func sizeOf(servers []server) (s size) {
	for i := range servers {
		n := servers[i].Def.Services()
		s.services += n + servers[i].Def.Paths
		s.dests += n*len(servers[i].Def.RealServers) + servers[i].Def.Paths
	}
	return s
}

// touched are the services of both lists in order, each once.
func touched(gone, come []server) []spec.ServiceKey {
	var out []spec.ServiceKey
	for _, list := range [][]server{gone, come} {
		for i := range list {
			out = slices.AppendSeq(out, list[i].Def.EachKey())
			for p := range list[i].Def.EachPath() {
				out = append(out, p.Key)
			}
		}
	}
	slices.SortFunc(out, spec.ServiceKey.Compare)
	return slices.Compact(out)
}

// increasing says that each key stands once in sorted rows.
func increasing[K spec.RowKey[K], V spec.RowValue](rows spec.Rows[K, V]) bool {
	for i := 1; i < len(rows); i++ {
		if rows[i].Key == rows[i-1].Key {
			return false
		}
	}
	return true
}

// splice is a state that is copied, with other rows for some services. What is left to be copied is in from.
type splice struct {
	services  spec.Rows[spec.ServiceKey, spec.Service]
	dests     spec.Rows[spec.DestKey, spec.Dest]
	from, put spec.State
}

// replace copies what stands before a service, and then the rows that are put instead of it.
func (p *splice) replace(k spec.ServiceKey) {
	at, found := slices.BinarySearchFunc(p.from.Services, k, func(r spec.Row[spec.ServiceKey, spec.Service], k spec.ServiceKey) int { return r.Key.Compare(k) })
	p.services = append(p.services, p.from.Services[:at]...)
	if found {
		at++
	}
	p.from.Services = p.from.Services[at:]
	for len(p.put.Services) > 0 && p.put.Services[0].Key == k {
		p.services, p.put.Services = append(p.services, p.put.Services[0]), p.put.Services[1:]
	}
	from, to := p.from.DestRange(k)
	p.dests = append(p.dests, p.from.Dests[:from]...)
	p.from.Dests = p.from.Dests[to:]
	for len(p.put.Dests) > 0 && p.put.Dests[0].Key.Service == k {
		p.dests, p.put.Dests = append(p.dests, p.put.Dests[0]), p.put.Dests[1:]
	}
}
