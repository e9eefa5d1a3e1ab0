package pair

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// variants are the ways of speaking VRRP that lbsync and keepalived share.
var variants = []struct {
	name  string
	setup Setup
}{
	{"version 2", Setup{Version: 2, Family: spec.IPv4, Interval: time.Second}},
	{"version 2, PASS", Setup{Version: 2, Family: spec.IPv4, Interval: time.Second, Secret: "codis"}},
	{"version 2, unicast", Setup{Version: 2, Family: spec.IPv4, Interval: time.Second, Unicast: true}},
	{"version 3, checksum pseudo_header", Setup{Version: 3, Family: spec.IPv4, Interval: 100 * time.Millisecond}},
	{"version 3, unicast, checksum pseudo_header", Setup{Version: 3, Family: spec.IPv4, Interval: 100 * time.Millisecond, Unicast: true}},
	{"version 3, IPv6", Setup{Version: 3, Family: spec.IPv6, Interval: 100 * time.Millisecond}},
}

// duel is one cell of the matrix. lbsync is a, keepalived is b.
type duel struct {
	variant                      int
	lbsyncHigher, preempt, bLast bool
	fault                        string // stop or kill: what happens to the owner
}

func (d duel) name() string {
	higher, order, preempt := "keepalived higher", "keepalived first", "nopreempt"
	if d.lbsyncHigher {
		higher = "lbsync higher"
	}
	if d.bLast {
		order = "lbsync first"
	}
	if d.preempt {
		preempt = "preempt"
	}
	return strings.Join([]string{variants[d.variant].name, higher, order, preempt, d.fault}, "/")
}

func (d duel) setup() Setup {
	s := variants[d.variant].setup
	s.Name, s.RouterID, s.Preempt, s.Instances, s.Addresses, s.Priorities = "interop", 51, d.preempt, 1, 2, []uint8{100, 150}
	if d.lbsyncHigher {
		s.Priorities = []uint8{150, 100}
	}
	return s
}

// scenario is: one starts, the other comes, the owner goes, and comes back.
func (d duel) scenario() string {
	first, second, higher := "b", "a", "b"
	if d.bLast {
		first, second = "a", "b"
	}
	if d.lbsyncHigher {
		higher = "a"
	}
	owner, other := first, second
	steps := []string{"start " + first, first + " owns", "start " + second}
	if d.preempt && higher == second {
		owner, other = second, first
		steps = append(steps, second+" owns")
	} else {
		steps = append(steps, first+" keeps")
	}
	steps = append(steps, d.fault+" "+owner, other+" owns", "start "+owner)
	if d.preempt && higher == owner {
		return strings.Join(append(steps, owner+" owns"), ", ")
	}
	return strings.Join(append(steps, other+" keeps"), ", ")
}

func duels() []trial {
	var out []trial
	yesNo := []bool{true, false}
	for v := range variants {
		for _, higher := range yesNo {
			for _, bLast := range yesNo {
				for _, preempt := range yesNo {
					for _, fault := range []string{"stop", "kill"} {
						out = append(out, duel{v, higher, preempt, bLast, fault}.trial())
					}
				}
			}
		}
	}
	return out
}

func (d duel) trial() trial {
	return trial{d.name(), d.setup(), []bool{true, false}, d.scenario(), func(m *match) error {
		resigned := slices.ContainsFunc(m.wire.Frames(), func(f Frame) bool { return f.Kind == Advert && f.Priority == 0 })
		if resigned != (d.fault == "stop") {
			return fmt.Errorf("priority 0 on the wire: %t", resigned)
		}
		return nil
	}}
}
