package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// The heap gives what a sorted list gives, whatever is set and unset, and takes no memory for it.
func TestHeap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	h, list := newHeap(50), make([]time.Duration, 50) // 0: none
	for range 20_000 {
		id, at := random.IntN(50), time.Duration(random.IntN(40))
		h.set(id, at, at > 0)
		list[id] = at
		var least time.Duration
		for _, d := range list {
			if d > 0 && (least == 0 || d < least) {
				least = d
			}
		}
		first, got, ok := h.first()
		if ok != (least > 0) || got != least || ok && list[first] != least {
			t.Fatalf("first is %d at %s, %t; the least is %s", first, got, ok, least)
		}
	}
	var order []time.Duration
	for {
		id, at, ok := h.first()
		if !ok {
			break
		}
		order = append(order, at)
		h.set(id, 0, false)
	}
	if !slices.IsSorted(order) || len(order) < 10 {
		t.Errorf("emptied in the order %v", order)
	}
	if n := testing.AllocsPerRun(100, func() { h.set(3, 5, true); h.set(3, 9, true); h.set(3, 0, false) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
