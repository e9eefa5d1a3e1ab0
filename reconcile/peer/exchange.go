// Package peer asks the other directors of the clusters what they hold: reports come in, facts go out. It decides nothing.
//
// One goroutine asks one director, again and again: the question waits at the other end until there is news, at most a second. Who does
// not answer for 3 s is silent; it is asked on with pauses that grow, and costs nothing else. Nothing is believed but what the holder of
// the declared key says about itself.
package peer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Peer is a director to ask.
type Peer struct {
	Name     string
	Endpoint string   // "address:port"
	Keys     []string // public keys of which it must have one, "ed25519:BASE64"
}

func (p Peer) equal(o Peer) bool {
	return p.Name == o.Name && p.Endpoint == o.Endpoint && slices.Equal(p.Keys, o.Keys)
}

// Dial connects to a director and makes sure that it has one of the keys.
type Dial func(ctx context.Context, endpoint string, keys []string) (net.Conn, error)

// Exchange asks the directors that are watched. Its methods may be called at any time, from any goroutine.
type Exchange struct {
	self    string
	dial    Dial
	times   times
	changed chan struct{}

	mu      sync.Mutex
	closed  bool
	peers   map[string]*watcher
	refused map[string]*spec.PeerRefusal // by director and reason
	totals  map[spec.RefusedFor]uint64
	running sync.WaitGroup
}

// times are how long things take; tests have shorter ones.
type times struct {
	silent   time.Duration // without an answer, until a director counts as silent
	answer   time.Duration // the longest time of one question
	pace     time.Duration // the least time between two questions
	retry    time.Duration // the first pause after a failure; it doubles
	retryMax time.Duration
}

var usual = times{silent: 3 * time.Second, answer: 2500 * time.Millisecond, pace: 20 * time.Millisecond, retry: 100 * time.Millisecond, retryMax: 5 * time.Second}

// New is an exchange of the director self that watches nobody yet.
func New(self string, dial Dial) *Exchange { return newExchange(self, dial, usual) }

func newExchange(self string, dial Dial, t times) *Exchange {
	return &Exchange{self: self, dial: dial, times: t, changed: make(chan struct{}, 1), peers: map[string]*watcher{}, refused: map[string]*spec.PeerRefusal{}, totals: map[spec.RefusedFor]uint64{}}
}

// Watch replaces whom to ask. What is known of a director is kept while it is watched, also when its endpoint or its keys change. To watch
// the same again is no news.
func (e *Exchange) Watch(peers []Peer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	wanted := map[string]Peer{}
	for _, p := range peers {
		if p.Name != e.self {
			wanted[p.Name] = p
		}
	}
	if e.replace(wanted) {
		maps.DeleteFunc(e.refused, func(_ string, r *spec.PeerRefusal) bool { return e.peers[strings.TrimPrefix(r.Who, ofDirector)] == nil })
		e.signal()
	}
}

// replace says whether it changed anything.
func (e *Exchange) replace(wanted map[string]Peer) (changed bool) {
	for name, w := range e.peers {
		p, ok := wanted[name]
		switch {
		case !ok:
			w.stop()
			delete(e.peers, name)
			changed = true
		case !w.peer.equal(p):
			w.stop()
			e.peers[name] = e.start(p, w.fact, w.failures)
			changed = true
		}
	}
	for name, p := range wanted {
		if e.peers[name] == nil {
			e.peers[name] = e.start(p, spec.PeerFact{}, 0)
			changed = true
		}
	}
	return changed
}

// Facts are what is known now, of all that are watched.
func (e *Exchange) Facts() map[string]spec.PeerFact {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make(map[string]spec.PeerFact, len(e.peers))
	for name, w := range e.peers {
		out[name] = w.fact
	}
	return out
}

// Changed has an element when Facts may have something new: a report, or a director that fell silent or answers again.
func (e *Exchange) Changed() <-chan struct{} { return e.changed }

// ofDirector stands before the name in PeerRefusal.Who.
const ofDirector = "director "

// Refused are the answers that were not taken, and the directors that have another key than the fleet declares; and how many there were
// of each kind.
func (e *Exchange) Refused() ([]spec.PeerRefusal, map[spec.RefusedFor]uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]spec.PeerRefusal, 0, len(e.refused))
	for _, key := range slices.Sorted(maps.Keys(e.refused)) {
		out = append(out, *e.refused[key])
	}
	return out, maps.Clone(e.totals)
}

// Sample asks a director for a sample of its connections; it waits where the director gave one a moment ago.
func (e *Exchange) Sample(ctx context.Context, director string) (spec.ConnSample, error) {
	e.mu.Lock()
	w := e.peers[director]
	e.mu.Unlock()
	if w == nil {
		return spec.ConnSample{}, fmt.Errorf("sample of %s: it is not watched", director)
	}
	s, err := w.client.sample(ctx)
	for soon := (tooSoon{}); errors.As(err, &soon) && patience(ctx, sampleAgain); {
		s, err = w.client.sample(ctx)
	}
	if err != nil {
		return s, fmt.Errorf("sample of %s: %w", director, err)
	}
	return s, nil
}

// sampleAgain is the pause until a director that was asked for a sample a moment ago is asked again.
const sampleAgain = time.Second

// patience waits, unless ctx ends before.
func patience(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Close stops asking, and waits until nothing is asked any more.
func (e *Exchange) Close() {
	e.mu.Lock()
	e.closed = true
	for _, w := range e.peers {
		w.stop()
	}
	e.mu.Unlock()
	e.running.Wait()
}

func (e *Exchange) signal() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

// refuse counts; the table is bounded, as reasons do not hold what a peer says.
func (e *Exchange) refuse(director string, r refusal, now time.Time) {
	key := director + "\x00" + r.why
	row := e.refused[key]
	if row == nil {
		row = &spec.PeerRefusal{For: r.kind, Who: ofDirector + director, Why: r.why, First: now}
		e.refused[key] = row
	}
	row.Last = now
	row.Count++
	e.totals[r.kind]++
}

// refusal is an answer that is not taken.
type refusal struct {
	kind        spec.RefusedFor
	why, detail string
}

func (r refusal) Error() string { return r.why + r.detail }

var errStopped = errors.New("it is not watched any more")
