package agent

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// links are the channel between the directors of a simulation. They behave as the real exchange does: each asks each for its newest
// report, one answer is under way at a time, an answer takes its time and may be lost, an older one is refused, and who cannot be asked
// for 3 s is silent.
type links struct {
	mu    sync.Mutex
	seed  uint64
	ends  map[string]*linkEnd
	cut   map[[2]string]bool // pairs that cannot reach each other, in the order of their names
	slow  time.Duration      // at most, for an answer
	sent  uint64
	lies  func(spec.PeerReport) spec.PeerReport // what becomes of a liar's reports
	liars map[string]bool
}

// linkEnd is the Exchange of one director. What it knows is the process's: it ends with it.
type linkEnd struct {
	alone
	l       *links
	name    string
	alive   bool
	run     int // counts the processes
	serial  uint64
	said    *spec.PeerReport
	text    string
	facts   map[string]spec.PeerFact // of the directors that it watches
	under   map[string]bool          // an answer of that director is under way
	since   map[string]time.Time     // when it could be asked last
	told    func(*spec.PeerReport)   // sees each report before anybody else does
	changed chan struct{}
}

const silentAfter = 3 * time.Second

func newLinks(seed uint64, names []string) *links {
	l := &links{seed: seed, ends: map[string]*linkEnd{}, cut: map[[2]string]bool{}, slow: 50 * time.Millisecond, liars: map[string]bool{}}
	for _, name := range names {
		l.ends[name] = &linkEnd{l: l, name: name, told: func(*spec.PeerReport) {}}
	}
	return l
}

// alter changes the links, and what follows from it.
func (l *links) alter(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := map[[2]string]bool{}
	for from := range l.ends {
		for to := range l.ends {
			was[[2]string{from, to}] = l.up(from, to)
		}
	}
	f()
	for pair, up := range was {
		if e := l.ends[pair[1]]; up && !l.up(pair[0], pair[1]) {
			e.since[pair[0]] = time.Now()
			l.fallSilent(pair[0], e)
		}
	}
	l.ask()
}

// up says whether one director can ask another one.
func (l *links) up(from, to string) bool {
	a, b := min(from, to), max(from, to)
	return from != to && l.ends[from].alive && l.ends[to].alive && !l.cut[[2]string{a, b}]
}

// ask has every director asked that has something new.
func (l *links) ask() {
	for _, to := range l.ends {
		for from := range to.facts {
			l.pull(l.ends[from], to)
		}
	}
}

func (l *links) pull(from, to *linkEnd) {
	p, watched := to.facts[from.name]
	switch {
	case !watched || to.under[from.name] || from.said == nil || !l.up(from.name, to.name):
		return
	case p.Report != nil && p.Report.Boot == from.said.Boot && p.Report.Serial == from.said.Serial && p.Silent.IsZero():
		return
	}
	to.under[from.name] = true
	answer, run := *from.said, to.run
	time.AfterFunc(l.pause(from.name, to.name), func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if to.run == run {
			to.under[from.name] = false
			l.arrive(answer, from, to)
			l.pull(from, to)
		}
	})
}

// pause is how long an answer takes: no two at one moment, and the same for a seed.
func (l *links) pause(from, to string) time.Duration {
	l.sent++
	h := fnv.New64a()
	fmt.Fprint(h, l.seed, from, to, l.ends[from].serial, l.ends[to].serial)
	return time.Millisecond + time.Duration(h.Sum64()%uint64(l.slow)) + time.Duration(l.sent%1000)
}

func (l *links) arrive(r spec.PeerReport, from, to *linkEnd) {
	p, watched := to.facts[from.name]
	if !watched || !l.up(from.name, to.name) {
		return // it is lost
	}
	if l.liars[from.name] {
		r = l.lies(r)
	}
	if was := p.Report; r.Director != from.name || was != nil && was.Boot == r.Boot && r.Serial < was.Serial {
		return // as reconcile/peer refuses it
	}
	to.facts[from.name] = spec.PeerFact{Report: &r, Heard: time.Now()}
	to.signal()
}

func (l *links) fallSilent(from string, to *linkEnd) {
	run := to.run
	time.AfterFunc(silentAfter, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		p, watched := to.facts[from]
		if watched && to.run == run && to.alive && !l.up(from, to.name) && p.Silent.IsZero() && time.Since(to.since[from]) >= silentAfter {
			p.Silent, p.Why = to.since[from], "connection refused"
			to.facts[from] = p
			to.signal()
		}
	})
}

// live begins or ends the process of a director.
func (e *linkEnd) live(alive bool) {
	e.l.alter(func() {
		e.alive = alive
		e.run++
		e.said, e.text, e.facts, e.under, e.since, e.changed = nil, "", map[string]spec.PeerFact{}, map[string]bool{}, map[string]time.Time{}, make(chan struct{}, 1)
	})
}

func (e *linkEnd) signal() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

func (e *linkEnd) Tell(r spec.PeerReport) {
	e.told(&r)
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	r.At, r.Serial = time.Time{}, 0
	text, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	if string(text) == e.text {
		return
	}
	e.serial++
	e.text, r.Serial = string(text), e.serial
	e.said = &r
	for _, to := range e.l.ends {
		e.l.pull(e, to)
	}
}

func (e *linkEnd) Trust(views ...spec.View) {
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	var names []string
	for _, v := range views {
		for _, d := range v.Exchanging() {
			if d.Name != e.name {
				names = append(names, d.Name)
			}
		}
	}
	for name := range e.facts {
		if !slices.Contains(names, name) {
			delete(e.facts, name)
		}
	}
	for _, name := range names {
		if _, watched := e.facts[name]; !watched {
			e.facts[name], e.since[name] = spec.PeerFact{}, time.Now()
			e.l.fallSilent(name, e)
			e.l.pull(e.l.ends[name], e)
		}
	}
}

func (e *linkEnd) Facts() map[string]spec.PeerFact {
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	out := map[string]spec.PeerFact{}
	for k, v := range e.facts {
		out[k] = v
	}
	return out
}

func (e *linkEnd) Changed() <-chan struct{} { return e.changed }
