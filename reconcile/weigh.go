package reconcile

import (
	"slices"
	"sort"

	"github.com/lbsync/lbsync/spec"
)

// weigh gives real servers what overrides, checks and drains ask for instead of what is configured. An override has the last word, also
// on a real server that its checks take out. Overrides and checks of what is not wanted have no effect.
func weigh(s *spec.State, f spec.Facts) {
	s.Overrides = Overriding(f)
	w := weigher{overrides: s.Overrides, pools: f.Pools, drains: f.Drains}
	services := w.services()
	if len(services) == 0 {
		return
	}
	*s = patched(*s, services, w.ask(s))
}

// Reweigh is what Want gives where nothing of the facts differs from those of want but what is asked for some services, in order.
func Reweigh(want spec.State, services []spec.ServiceKey, f spec.Facts) spec.State {
	w := weigher{overrides: want.Overrides, pools: f.Pools, drains: f.Drains}
	return patched(want, services, w.ask(&want))
}

type weigher struct {
	overrides []spec.Override // by key, one each
	pools     map[spec.ServiceKey]spec.PoolFact
	drains    []spec.Drain // by key
}

// services are those of which something is asked, in order.
func (w *weigher) services() []spec.ServiceKey {
	var out []spec.ServiceKey
	for _, o := range w.overrides {
		out = append(out, o.Key.Service)
	}
	for k := range w.pools {
		out = append(out, k)
	}
	for _, d := range w.drains {
		out = append(out, d.Key.Service)
	}
	slices.SortFunc(out, spec.ServiceKey.Compare)
	return slices.Compact(out)
}

// ask says what is wanted of the services of a state.
func (w *weigher) ask(s *spec.State) func(spec.ServiceKey) *spec.State {
	declared := s.AsDeclared()
	return func(k spec.ServiceKey) *spec.State {
		from, to := spec.DestRange(declared, k)
		p := w.service(k, declared[from:to])
		return &spec.State{Dests: p.rows, Effects: p.effects}
	}
}

// pool is the real servers of one service on their way from what is declared to what is wanted.
type pool struct {
	rows    spec.Rows[spec.DestKey, spec.Dest]
	effects []spec.Effect
	gone    map[spec.DestKey]bool
}

func (w *weigher) service(k spec.ServiceKey, declared spec.Rows[spec.DestKey, spec.Dest]) pool {
	p := pool{rows: slices.Clone(declared), gone: map[spec.DestKey]bool{}}
	fact := w.pools[k]
	for _, m := range fact.Members {
		if p.affect(m.Key, m.Weight, spec.ByHealth) && m.Gone {
			p.gone[m.Key] = true
		}
	}
	for _, o := range ofService(w.overrides, k, func(o *spec.Override) spec.DestKey { return o.Key }) {
		p.forget(o.Key)
		p.affect(o.Key, o.Weight, spec.ByOverride)
	}
	p.rows = slices.DeleteFunc(p.rows, func(r spec.Row[spec.DestKey, spec.Dest]) bool { return p.gone[r.Key] })
	if fact.Sorry != nil {
		p.add(*fact.Sorry, spec.ByHealth)
	}
	for _, d := range ofService(w.drains, k, func(d *spec.Drain) spec.DestKey { return d.Key }) {
		if _, again := destAt(declared, d.Key); d.Ended == "" && !again {
			p.add(spec.Row[spec.DestKey, spec.Dest]{Key: d.Key, Value: d.Dest}, spec.ByDrain)
		}
	}
	slices.SortFunc(p.effects, func(a, b spec.Effect) int { return a.Key.Compare(b.Key) })
	return p
}

// affect gives a declared real server another weight; false where there is none.
func (p *pool) affect(k spec.DestKey, weight int32, by spec.Reason) bool {
	i, ok := destAt(p.rows, k)
	if !ok {
		return false
	}
	p.rows[i].Value.Weight = weight
	p.effects = append(p.effects, spec.Effect{Key: k, By: by})
	return true
}

// forget takes back what was asked of a real server.
func (p *pool) forget(k spec.DestKey) {
	delete(p.gone, k)
	p.effects = slices.DeleteFunc(p.effects, func(e spec.Effect) bool { return e.Key == k })
}

// add adds a real server that is not declared there. One that is has the place already: then the addition is the other's weight.
func (p *pool) add(row spec.Row[spec.DestKey, spec.Dest], by spec.Reason) {
	at, there := destAt(p.rows, row.Key)
	if there {
		return
	}
	p.rows = slices.Insert(p.rows, at, row)
	if p.gone[row.Key] {
		p.forget(row.Key)
	}
	p.effects = append(p.effects, spec.Effect{Key: row.Key, By: by, Extra: true})
}

// ofService is what a list, sorted by key, has of one service.
func ofService[T any](all []T, k spec.ServiceKey, key func(*T) spec.DestKey) []T {
	from := sort.Search(len(all), func(i int) bool { return key(&all[i]).Service.Compare(k) >= 0 })
	to := from
	for to < len(all) && key(&all[to]).Service == k {
		to++
	}
	return all[from:to]
}

func destAt(rows spec.Rows[spec.DestKey, spec.Dest], k spec.DestKey) (int, bool) {
	return slices.BinarySearchFunc(rows, k, func(r spec.Row[spec.DestKey, spec.Dest], k spec.DestKey) int { return r.Key.Compare(k) })
}
