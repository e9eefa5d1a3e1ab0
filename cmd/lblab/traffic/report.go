package traffic

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// recorder collects what many connections see.
type recorder struct {
	mu sync.Mutex
	Report
}

func (r *recorder) do(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *recorder) opened()   { r.do(func() { r.Opened++ }) }
func (r *recorder) answered() { r.do(func() { r.Messages++ }) }

func (r *recorder) lost(err error) {
	r.do(func() {
		r.Lost++
		if r.FirstLoss == nil {
			r.FirstLoss = err
		}
	})
}

func (r *recorder) short(server string, err error) {
	r.do(func() {
		r.Short++
		if err == nil {
			r.ByServer[server]++
			return
		}
		r.Unanswered++
		if r.FirstMiss == nil {
			r.FirstMiss = err
		}
	})
}

// Clean says that nothing was lost, and that there was something to lose.
func (r Report) Clean() bool { return r.Opened > 0 && r.Lost == 0 && r.Unanswered == 0 }

// String is the summary for people.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "connections lost: %d of %d long-lived (%d messages answered)\n", r.Lost, r.Opened, r.Messages)
	fmt.Fprintf(&b, "new connections:  %d of %d unanswered", r.Unanswered, r.Short)
	for _, server := range slices.Sorted(maps.Keys(r.ByServer)) {
		fmt.Fprintf(&b, ", %s answered %d", server, r.ByServer[server])
	}
	b.WriteByte('\n')
	if r.FirstLoss != nil {
		fmt.Fprintf(&b, "first loss: %v\n", r.FirstLoss)
	}
	if r.FirstMiss != nil {
		fmt.Fprintf(&b, "first unanswered: %v\n", r.FirstMiss)
	}
	return b.String()
}
