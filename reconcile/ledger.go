package reconcile

import (
	"maps"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// Ledger is what a director wants, what of that was made, and what is live. Verdicts come by the thousand in a second, each about a few
// real servers of a hundred thousand: what they move is kept aside, service by service, and put into the whole when somebody asks for
// that. The zero Ledger wants nothing. It belongs to one goroutine.
type Ledger struct {
	want, prior *spec.State
	live        spec.State
	aside       map[spec.ServiceKey]Portion
	parted      bool // not all that is aside was made
}

// Want is what is wanted; nil before anything was.
func (l *Ledger) Want() *spec.State { l.fold(); return l.want }

// Prior is what of the wanted was made; nil when nothing is known of that.
func (l *Ledger) Prior() *spec.State { l.fold(); return l.prior }

// Live is what kernel and engine hold.
func (l *Ledger) Live() spec.State { l.fold(); return l.live }

// Wants replaces what is wanted.
func (l *Ledger) Wants(s *spec.State) { l.fold(); l.want = s }

// Made replaces what of the wanted was made.
func (l *Ledger) Made(s *spec.State) { l.fold(); l.prior = s }

// Holds replaces what is live.
func (l *Ledger) Holds(s spec.State) { l.fold(); l.live = s }

// Wanting says whether anything is wanted yet.
func (l *Ledger) Wanting() bool { return l.want != nil }

// Beside are the wanted and the live state without services and real servers, which costs nothing; the first is empty before anything is
// wanted.
func (l *Ledger) Beside() (want, live spec.State) {
	live = beside(l.live)
	if l.want != nil {
		want = beside(*l.want)
	}
	return want, live
}

func beside(s spec.State) spec.State {
	s.Services, s.Dests, s.Effects, s.Declared = nil, nil, nil, nil
	return s
}

// Portion is some of the services of a Ledger with their real servers, and nothing else.
type Portion struct {
	Want, Prior *spec.State // the same pointer where all that is wanted was made
	Live        spec.State
}

// Portion is that of services, in order; something is wanted.
func (l *Ledger) Portion(services []spec.ServiceKey) Portion {
	p := Portion{Want: l.gather(services, l.want, func(p *Portion) *spec.State { return p.Want })}
	p.Live = *l.gather(services, &l.live, func(p *Portion) *spec.State { return &p.Live })
	switch {
	case l.prior == l.want && !l.parted:
		p.Prior = p.Want
	case l.prior != nil:
		p.Prior = l.gather(services, l.prior, func(p *Portion) *spec.State { return p.Prior })
	}
	return p
}

func (l *Ledger) gather(services []spec.ServiceKey, whole *spec.State, of func(*Portion) *spec.State) *spec.State {
	out := spec.State{Overrides: whole.Overrides}
	for _, k := range services {
		from := whole
		if p, ok := l.aside[k]; ok {
			from = of(&p)
		}
		take(&out, from, k)
	}
	return &out
}

// take adds a service of a state to a portion of it.
func take(out, from *spec.State, k spec.ServiceKey) {
	row, ok := from.Services.Find(k)
	if !ok {
		return
	}
	out.Services = append(out.Services, row)
	out.Dests = append(out.Dests, from.DestsOf(k)...)
	at, to := from.EffectRange(k)
	out.Effects = append(out.Effects, from.Effects[at:to]...)
	at, to = spec.DestRange(from.AsDeclared(), k)
	out.Declared = append(out.Declared, from.AsDeclared()[at:to]...)
}

// Put takes what became of a portion.
func (l *Ledger) Put(services []spec.ServiceKey, p Portion) {
	if l.aside == nil {
		l.aside = map[spec.ServiceKey]Portion{}
	}
	l.parted = l.parted || p.Prior != p.Want
	for _, k := range services {
		one := Portion{Want: only(p.Want, k), Live: *only(&p.Live, k)}
		switch {
		case p.Prior == p.Want:
			one.Prior = one.Want
		case p.Prior != nil:
			one.Prior = only(p.Prior, k)
		}
		l.aside[k] = one
	}
}

func only(s *spec.State, k spec.ServiceKey) *spec.State {
	var out spec.State
	take(&out, s, k)
	return &out
}

// fold puts into the whole what is aside.
func (l *Ledger) fold() {
	if len(l.aside) == 0 {
		return
	}
	services := slices.SortedFunc(maps.Keys(l.aside), spec.ServiceKey.Compare)
	of := func(which func(*Portion) *spec.State) func(spec.ServiceKey) *spec.State {
		return func(k spec.ServiceKey) *spec.State {
			p := l.aside[k]
			return which(&p)
		}
	}
	want := patched(*l.want, services, of(func(p *Portion) *spec.State { return p.Want }))
	switch {
	case l.prior == l.want && !l.parted:
		l.prior = &want
	case l.prior != nil:
		prior := patched(*l.prior, services, of(func(p *Portion) *spec.State { return p.Prior }))
		l.prior = &prior
	}
	l.want = &want
	l.live = patched(l.live, services, of(func(p *Portion) *spec.State { return &p.Live }))
	l.live.Declared = nil
	l.aside, l.parted = nil, false
}

// patched is a state with other real servers and effects for some of its services, in order; those it lacks are passed over. The state
// stays as it is, and what git declares of it too.
func patched(s spec.State, services []spec.ServiceKey, of func(spec.ServiceKey) *spec.State) spec.State {
	s.Declared = s.AsDeclared()
	rows := make(spec.Rows[spec.DestKey, spec.Dest], 0, len(s.Dests)+len(services))
	effects := make([]spec.Effect, 0, len(s.Effects)+len(services))
	done, told := 0, 0
	for _, k := range services {
		if _, there := s.Services.Find(k); !there {
			continue
		}
		p := of(k)
		from, to := s.DestRange(k)
		rows, done = append(append(rows, s.Dests[done:from]...), p.Dests...), to
		from, to = s.EffectRange(k)
		effects, told = append(append(effects, s.Effects[told:from]...), p.Effects...), to
	}
	s.Dests, s.Effects = append(rows, s.Dests[done:]...), append(effects, s.Effects[told:]...)
	return s
}
