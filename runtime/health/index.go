package health

import "github.com/lbsync/lbsync/spec"

// index finds checks by what they are. A map by spec.Check itself takes ten times the memory.
type index map[uint64]*check

// find is nil when there is none.
func (x index) find(number uint64, of spec.Check) *check {
	c := x[number]
	for c != nil && c.Check != of {
		c = c.same
	}
	return c
}

func (x index) add(c *check) {
	c.same = x[c.number]
	x[c.number] = c
}

// sweep takes out those that keep does not want, and gives them to drop.
func (x index) sweep(keep func(*check) bool, drop func(*check)) {
	for number, first := range x {
		var kept *check
		for c := first; c != nil; {
			next := c.same
			if keep(c) {
				c.same, kept = kept, c
			} else {
				c.same = nil
				drop(c)
			}
			c = next
		}
		if kept == nil {
			delete(x, number)
		} else {
			x[number] = kept
		}
	}
}
