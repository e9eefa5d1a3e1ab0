package health

import (
	"context"
	"time"

	"github.com/lbsync/lbsync/runtime/health/probe"
	"github.com/lbsync/lbsync/spec"
)

// stage is where a check is between two probes.
type stage uint8

const (
	resting    stage = iota // in the wheel, until it is its turn
	queued                  // its turn has come
	waiting                 // for one of the probes to its host to end
	connecting              // a socket of the loop
	talking                 // connected; a request was sent, or is being sent
	running                 // a goroutine of its own
)

// check is one that is run. All but what is said to be the runner's is its loop's, under the loop's lock.
type check struct {
	spec.Check
	number uint64 // identity
	kind   *kind
	host   *host
	plan   *settings   // of those of the loop
	probe  probe.Probe // of the others; nil where the loop has the kind, or the settings are wrong
	loop   *loop

	// Of the runner.
	same  *check // the next with the same number
	named uint32 // by which Set last

	// In a wheel (both) or in a queue (next).
	prev, next *check
	tick       int64

	// The probe that is under way, or the one that is next.
	due     instant
	began   instant
	lost    time.Duration // of the loop, when it began
	pace    pace
	stage   stage
	held    bool  // its host had too many probes under way
	leftOut uint8 // probes in a row that were not made, for they were late
	watched bool  // the poller has its socket
	gone    bool  // Set does not name it any more
	fd      int32
	sent    int32
	heard   *heard
	abandon context.CancelFunc

	// What came of those before.
	judge   judge
	weight  int32
	since   instant
	why     string
	last    instant
	took    int64 // nanoseconds
	skipped uint64
	local   string

	listed     bool // in the news
	toldState  spec.CheckState
	toldWeight int32
}

// verdict is the check's, as it stands.
func (c *check) verdict() spec.Verdict {
	return spec.Verdict{Check: c.Check, State: c.judge.state, Since: c.since.time(), Why: c.why, Weight: c.weight}
}

// host is an address that is probed.
type host struct {
	checks int // that probe it
	flying int
	queue  queue // checks that wait for one of these to end
}

// queue is a list of checks, first in, first out.
type queue struct{ first, last *check }

func (q *queue) push(c *check) {
	c.next = nil
	if q.last != nil {
		q.last.next = c
	} else {
		q.first = c
	}
	q.last = c
}

// pop is nil when there is none.
func (q *queue) pop() *check {
	c := q.first
	if c == nil {
		return nil
	}
	if q.first = c.next; q.first == nil {
		q.last = nil
	}
	c.next = nil
	return c
}
