package vrrp_test

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
)

var update = flag.Bool("update", false, "write the traces of the scripts anew")

const traceMark = "-- trace --\n"

// TestScripts runs the scenarios of testdata. A script has a line per node, and then lines of a time and a command; behind the mark
// stands what happens.
//
//	node NAME KEY=VALUE…                 priority preempt version interval preempt_delay startup_delay down_adverts members delay refresh unicast pass sum
//	TIME start|stop|kill|restart|pause|unpause|handover NODE
//	TIME fault|clear NODE [SEGMENT]      a tracker without weight
//	TIME weight NODE NUMBER              trackers with weight
//	TIME set NODE KEY=VALUE…             a new configuration
//	TIME cut|heal NODE NODE [SEGMENT]    both directions; "cut NODE>NODE" is one
//	TIME lose NODE NODE NUMBER           the next messages from the first to the second
//	TIME loss PERCENT                    of all messages, at random
//	TIME delay DURATION                  of all messages
//	TIME expect NODE=STATE…
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("scripts: %d, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runScript(t, file) })
	}
}

func runScript(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	script, want, _ := strings.Cut(string(text), traceMark)
	s := newSim(1)
	for number, line := range strings.Split(script, "\n") {
		if err := s.command(strings.Fields(line)); err != nil {
			t.Errorf("%s:%d: %s: %v", file, number+1, line, err)
		}
	}
	for _, p := range s.problems {
		t.Error(p)
	}
	got := strings.Join(s.trace, "\n") + "\n"
	if *update && !t.Failed() {
		if err := os.WriteFile(file, []byte(script+traceMark+got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("%s: trace is\n%s\nand should be\n%s", file, got, want)
	}
}

func (s *sim) command(words []string) error {
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil
	}
	if words[0] == "node" {
		return s.declare(words[1], words[2:])
	}
	at, err := time.ParseDuration(words[0])
	if err != nil {
		return err
	}
	s.run(at)
	return s.do(words[1], words[2:])
}

// declare adds a node with the usual settings and those of the line.
func (s *sim) declare(name string, settings []string) error {
	n := &node{name: name, drops: map[vrrp.Reason]int{}}
	members := 1
	for _, kv := range settings {
		if v, ok := strings.CutPrefix(kv, "members="); ok {
			members, _ = strconv.Atoi(v)
		}
	}
	for i := range members {
		n.configs = append(n.configs, vrrp.Config{RouterID: uint8(51 + i), Version: 3, Priority: 100, Interval: time.Second, Preempt: true, DownAdverts: 3,
			Source: netip.AddrFrom4([4]byte{10, 0, byte(i), byte(len(s.nodes) + 1)}), Announce: vrrp.Announcing{Repeat: 5, RefreshRepeat: 1, LowerPriority: true}})
	}
	n.held, n.tallies = make([]bool, members), make([]vrrp.Tally, members)
	s.nodes = append(s.nodes, n)
	for _, kv := range settings {
		for i := range n.configs {
			if err := n.set(i, kv); err != nil {
				return err
			}
		}
	}
	return nil
}

// set changes one setting; "priority.1=90" is that of segment 1 only.
func (n *node) set(segment int, kv string) error {
	key, value, _ := strings.Cut(kv, "=")
	if name, only, ok := strings.Cut(key, "."); ok {
		if only != strconv.Itoa(segment) {
			return nil
		}
		key = name
	}
	c := &n.configs[segment]
	number, _ := strconv.Atoi(value)
	span, _ := time.ParseDuration(value)
	switch key {
	case "members":
	case "priority":
		c.Priority = uint8(number)
	case "version":
		c.Version = uint8(number)
	case "vrid":
		c.RouterID = uint8(number + segment)
	case "preempt":
		c.Preempt = value == "true"
	case "interval":
		c.Interval = span
	case "preempt_delay":
		c.PreemptDelay = span
	case "startup_delay":
		c.StartupDelay = span
	case "down_adverts":
		c.DownAdverts = uint8(number)
	case "delay":
		c.Announce.Delay = span
	case "refresh":
		c.Announce.Refresh = span
	case "source":
		c.Source = netip.MustParseAddr(value)
	case "unicast":
		n.wire.unicast = true
	case "pass":
		n.wire.auth = vrrp.AuthPass
		copy(n.wire.pass[:], value)
	case "sum":
		n.wire.sum = vrrp.SumPseudo
	default:
		return fmt.Errorf("no setting %q", key)
	}
	return nil
}

func (s *sim) do(verb string, args []string) error {
	switch verb {
	case "expect":
		for _, want := range args {
			if !strings.Contains(" "+s.states()+" ", " "+want+" ") {
				return fmt.Errorf("the states are %s", s.states())
			}
		}
		return nil
	case "cut", "heal", "lose":
		return s.link(verb, args)
	case "loss":
		percent, err := strconv.ParseFloat(strings.TrimSuffix(args[0], "%"), 64)
		s.loss = percent / 100
		return err
	case "delay":
		d, err := time.ParseDuration(args[0])
		s.delay = d
		return err
	}
	return s.doNode(verb, s.node(args[0]), args[1:])
}

func (s *sim) doNode(verb string, n *node, args []string) error {
	s.printf("* %s %s", verb, strings.TrimSpace(n.name+" "+strings.Join(args, " ")))
	number := 0
	if len(args) > 0 {
		number, _ = strconv.Atoi(args[0])
	}
	switch verb {
	case "start":
		s.boot(n, vrrp.Start())
	case "restart":
		held := n.held
		n.held = make([]bool, len(held))
		s.boot(n, vrrp.Resume())
	case "stop":
		s.step(n, 0, vrrp.Shutdown())
		n.group = nil
	case "kill":
		s.kill(n)
	case "pause":
		n.paused = true
	case "unpause":
		n.paused = false
	case "handover":
		s.step(n, 0, vrrp.Handover())
	case "fault", "clear":
		n.tallies[number].Fault = verb == "fault"
		s.step(n, number, vrrp.Tracked(n.tallies[number]))
	case "weight":
		n.tallies[0].Weight = number
		s.step(n, 0, vrrp.Tracked(n.tallies[0]))
	case "set":
		return s.reconfigure(n, args)
	default:
		return fmt.Errorf("no command %q", verb)
	}
	return nil
}

func (s *sim) reconfigure(n *node, settings []string) error {
	for i := range n.configs {
		for _, kv := range settings {
			if err := n.set(i, kv); err != nil {
				return err
			}
		}
		s.step(n, i, vrrp.Reconfigure(n.configs[i]))
	}
	return nil
}

func (s *sim) link(verb string, args []string) error {
	s.printf("* %s %s", verb, strings.Join(args, " "))
	from, to, oneWay := strings.Cut(args[0], ">")
	rest := args[1:]
	if !oneWay {
		to, rest = args[1], args[2:]
	}
	number := -1
	if len(rest) > 0 {
		number, _ = strconv.Atoi(rest[0])
	}
	if verb == "lose" {
		s.lose[lane{from, to, 0}] = number
		return nil
	}
	for segment := range s.node(from).configs {
		if number >= 0 && number != segment {
			continue
		}
		s.cuts[lane{from, to, segment}] = verb == "cut"
		if !oneWay {
			s.cuts[lane{to, from, segment}] = verb == "cut"
		}
	}
	return nil
}
