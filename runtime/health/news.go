package health

import (
	"slices"
	"sync"

	"github.com/lbsync/lbsync/spec"
)

// news are the checks whose verdict is another than the one that was told last, each once.
type news struct {
	changed chan struct{} // one buffered

	mu    sync.Mutex
	today []*check
}

// add is called with the lock of the check's loop.
func (n *news) add(c *check) {
	if c.listed {
		return
	}
	c.listed = true
	n.mu.Lock()
	n.today = append(n.today, c)
	n.mu.Unlock()
	select {
	case n.changed <- struct{}{}:
	default: // there is one to be taken
	}
}

// take are the verdicts as they are now: those that are down first, for a server that does not answer is to leave before others come
// back. What changed and changed back is none.
func (n *news) take() []spec.Verdict {
	n.mu.Lock()
	list := n.today
	n.today = nil
	n.mu.Unlock()
	var out []spec.Verdict
	for _, c := range list {
		if v, ok := c.tell(); ok {
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b spec.Verdict) int { return order(a) - order(b) })
	return out
}

func order(v spec.Verdict) int {
	if v.State == spec.CheckDown {
		return 0
	}
	return 1
}

// tell is the verdict, if it is to be told.
func (c *check) tell() (spec.Verdict, bool) {
	c.loop.mu.Lock()
	defer c.loop.mu.Unlock()
	c.listed = false
	if c.gone || c.judge.state == c.toldState && c.weight == c.toldWeight {
		return spec.Verdict{}, false
	}
	c.toldState, c.toldWeight = c.judge.state, c.weight
	return c.verdict(), true
}
