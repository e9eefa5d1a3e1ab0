// Package notify tells programs, web services and fifos of the transitions of VRRP instances and groups: each in its order, beside
// everything else, at least once as long as the machine runs, and with a report of how it went.
package notify

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"github.com/lbsync/lbsync/spec"
)

// The bounds. Whoever waits longest is given up when a queue is full: what is told last is what is true.
const (
	longestQueue = 100 // of one instance or group
	atOnce       = 16  // tellings, over all of them
)

// Notifier holds the queues.
type Notifier struct {
	path   string // of the mark
	boot   string
	report func(spec.VRRPNews)
	send   func(context.Context, message, spec.Notify) error
	slots  chan struct{}
	ended  sync.WaitGroup

	mu     sync.Mutex
	rules  rules
	queues map[string][]queued       // by subject; its first is being told
	open   []*event                  // not all told yet, in order of serials
	groups map[string]spec.VRRPState // as of taken
	taken  uint64                    // serial of the newest event
	mark   *mark                     // nil until it was read
}

// event is an event that is being told.
type event struct {
	spec.VRRPEvent
	turned bool // it turned its group
	left   int  // tellings that are not done
}

type queued struct {
	job
	of *event
}

// New tells nobody anything yet. path is the file that says how far it came; boot identifies this run of the machine; report is told
// how each telling went, and must not call the Notifier.
func New(path, boot string, report func(spec.VRRPNews)) *Notifier {
	return &Notifier{path: path, boot: boot, report: report, send: send, slots: make(chan struct{}, atOnce), queues: map[string][]queued{}}
}

// Rules takes who is to be told of what from now on.
func (n *Notifier) Rules(v spec.View) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rules = rulesOf(v)
}

// After is the serial after which the engine's events are still to be told; newest is that of its newest event. An engine that counts
// anew is told from its beginning; where nobody knows how far it was told, from now on.
func (n *Notifier) After(newest uint64) uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.mark == nil {
		n.load(newest)
	}
	if n.mark.Boot != n.boot || n.taken > newest {
		n.begin(mark{Boot: n.boot})
	}
	return n.taken
}

func (n *Notifier) load(newest uint64) {
	m, err := readMark(n.path)
	if err != nil {
		n.report(spec.VRRPNews{Lost: newest, Why: fmt.Sprintf("which of the engine's %d events were told is not known: %v", newest, err)})
	}
	if m == nil {
		m = &mark{Boot: n.boot, Serial: newest}
	}
	n.begin(*m)
}

func (n *Notifier) begin(m mark) {
	if m.Groups == nil {
		m.Groups = map[string]spec.VRRPState{}
	}
	n.open, n.mark, n.taken, n.groups = nil, &m, m.Serial, maps.Clone(m.Groups)
	n.save()
}

// save keeps the mark. If that fails, a restart tells again what was told.
func (n *Notifier) save() {
	if err := n.mark.write(n.path); err != nil {
		n.report(spec.VRRPNews{Why: fmt.Sprintf("how far events were told cannot be kept, a restart tells them again: %v", err)})
	}
}

// Take has events told, after After was asked. What is being told when ctx ends is broken off, and told again by the next agent.
func (n *Notifier) Take(ctx context.Context, events []spec.VRRPEvent) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range events {
		of := &event{VRRPEvent: e, turned: e.SyncGroup != "" && n.groups[e.SyncGroup] != e.To}
		if of.turned {
			n.groups[e.SyncGroup] = e.To
		}
		jobs := n.rules.jobs(e, of.turned)
		of.left = len(jobs)
		n.open, n.taken = append(n.open, of), e.Serial
		for _, j := range jobs {
			n.enqueue(ctx, queued{j, of})
		}
	}
	n.settle()
}

// Notice has a notice told. It is not told again by a later agent: the journal keeps what happened, and whether it was told.
func (n *Notifier) Notice(ctx context.Context, what spec.Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	jobs := n.rules.notices(what)
	of := &event{left: len(jobs)}
	for _, j := range jobs {
		n.enqueue(ctx, queued{j, of})
	}
}

func (n *Notifier) enqueue(ctx context.Context, q queued) {
	key := q.queue()
	was := n.queues[key]
	if len(was) == longestQueue {
		given := was[1] // the first is being told
		was = append(was[:1:1], was[2:]...)
		given.of.left--
		n.report(spec.VRRPNews{Event: given.of.VRRPEvent, Lost: 1,
			Why: fmt.Sprintf("%d tellings of %s wait, so that it is %s is not told to %s", longestQueue, key, given.State, target(given.to))})
	}
	n.queues[key] = append(was, q)
	if len(was) == 0 {
		n.ended.Go(func() { n.drain(ctx, key) })
	}
}

// drain tells what waits in one queue, in order.
func (n *Notifier) drain(ctx context.Context, key string) {
	for more := true; more; {
		select {
		case n.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		q := n.first(key)
		err := n.send(ctx, q.message, q.to)
		<-n.slots
		if ctx.Err() != nil {
			return
		}
		more = n.told(key, q, err)
	}
}

func (n *Notifier) first(key string) queued {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.queues[key][0]
}

// told notes the end of one telling, and says whether the queue has more.
func (n *Notifier) told(key string, q queued, err error) bool {
	result := "ok"
	if err != nil {
		result = err.Error()
	}
	n.report(spec.VRRPNews{Event: q.of.VRRPEvent, Told: &spec.Told{Subject: q.subject(), State: q.State, Target: target(q.to), Result: result}})
	n.mu.Lock()
	defer n.mu.Unlock()
	q.of.left--
	n.settle()
	if n.queues[key] = n.queues[key][1:]; len(n.queues[key]) == 0 {
		delete(n.queues, key)
		return false
	}
	return true
}

// settle moves the mark over what is told.
func (n *Notifier) settle() {
	moved := false
	for len(n.open) > 0 && n.open[0].left == 0 {
		e := n.open[0]
		n.open, n.mark.Serial, moved = n.open[1:], e.Serial, true
		if e.turned {
			n.mark.Groups[e.SyncGroup] = e.To
		}
	}
	if moved {
		n.save()
	}
}

// Wait returns when nothing is being told any more, after the context of Take has ended.
func (n *Notifier) Wait() { n.ended.Wait() }
