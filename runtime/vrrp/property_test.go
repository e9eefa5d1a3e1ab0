package vrrp_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var runs = flag.Int("runs", 200, "random networks of TestEventuallyOneActive")

// TestEventuallyOneActive does what may happen to two to four routers in random order: then the network heals, and exactly one is
// Active within a bounded time. On the way, what sim checks at each moment holds.
func TestEventuallyOneActive(t *testing.T) {
	for seed := range uint64(*runs) {
		c := &chaos{sim: newSim(seed), rand: rand.New(rand.NewPCG(seed, 2))}
		c.declareAll()
		for range 10 + c.rand.IntN(30) {
			c.misfortune()
		}
		c.settle()
		if n := strings.Count(c.states(), "=Active"); n != 1 || len(c.problems) > 0 {
			t.Fatalf("seed %d: the states are %s; %q\n%s\n%s", seed, c.states(), c.problems, strings.Join(c.script, "\n"), strings.Join(c.trace, "\n"))
		}
	}
}

// chaos drives a sim by the commands of scripts, so that a failure can be replayed as one.
type chaos struct {
	*sim
	rand   *rand.Rand
	script []string
	at     time.Duration
}

func (c *chaos) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	c.script = append(c.script, line)
	if err := c.command(strings.Fields(line)); err != nil {
		panic(line + ": " + err.Error())
	}
}

func (c *chaos) pick(of ...string) string { return of[c.rand.IntN(len(of))] }

func (c *chaos) declareAll() {
	members := 1 + c.rand.IntN(3)*c.rand.IntN(2)
	version, intervals := 3, []string{"100ms", "300ms", "1s"}
	if c.rand.IntN(4) == 0 {
		version, intervals = 2, []string{"1s"} // which has to be the same on all
	}
	same := c.rand.IntN(3) == 0
	for i := range 2 + c.rand.IntN(3) {
		line := fmt.Sprintf("node %c members=%d version=%d interval=%s preempt=%s", 'A'+i, members, version, c.pick(intervals...), c.pick("true", "false"))
		for m := range members {
			priority := 100 + c.rand.IntN(3)
			if same {
				priority = 100
			}
			line += fmt.Sprintf(" priority.%d=%d source.%d=10.0.%d.%d", m, priority, m, m, 1+c.rand.IntN(60)*4+i)
		}
		if c.rand.IntN(4) == 0 {
			line += " preempt_delay=3s"
		}
		if c.rand.IntN(4) == 0 {
			line += " startup_delay=2s"
		}
		c.say("%s delay=%s refresh=%s", line, c.pick("0s", "1s"), c.pick("0s", "4s"))
	}
	for _, n := range c.nodes {
		c.say("%s start %s", c.at, n.name)
	}
}

// misfortune is one thing that happens, after a random time.
func (c *chaos) misfortune() {
	c.at += time.Duration(c.rand.IntN(6000)) * time.Millisecond
	n, other := c.nodes[c.rand.IntN(len(c.nodes))], c.nodes[c.rand.IntN(len(c.nodes))]
	switch {
	case n.group == nil:
		c.say("%s start %s", c.at, n.name)
	case n.paused:
		c.say("%s unpause %s", c.at, n.name)
	case c.rand.IntN(3) == 0 && n != other:
		c.say("%s %s %s %d", c.at, c.pick("cut", "heal", "lose"), n.name+" "+other.name, c.rand.IntN(len(n.configs)))
	case c.rand.IntN(4) == 0 && n != other:
		c.say("%s cut %s>%s", c.at, n.name, other.name)
	case c.rand.IntN(8) == 0:
		c.say("%s loss %d%%", c.at, c.rand.IntN(30))
	case c.rand.IntN(3) == 0:
		c.say("%s %s %s %d", c.at, c.pick("fault", "clear"), n.name, c.rand.IntN(len(n.configs)))
	case c.rand.IntN(5) == 0:
		c.say("%s weight %s %d", c.at, n.name, c.rand.IntN(21)-10)
	default:
		c.say("%s %s %s", c.at, c.pick("stop", "kill", "pause", "handover"), n.name)
	}
}

// settle ends all trouble and waits for as long as an election may take: the delays, and a few down intervals.
func (c *chaos) settle() {
	c.say("%s loss 0%%", c.at)
	for i, n := range c.nodes {
		for _, other := range c.nodes[i+1:] {
			c.say("%s heal %s %s", c.at, n.name, other.name)
		}
		switch {
		case n.group == nil:
			c.say("%s start %s", c.at, n.name)
		case n.paused:
			c.say("%s unpause %s", c.at, n.name)
		}
		for m := range n.configs {
			c.say("%s clear %s %d", c.at, n.name, m)
		}
	}
	clear(c.lose)
	c.run(c.at + 60*time.Second)
}
