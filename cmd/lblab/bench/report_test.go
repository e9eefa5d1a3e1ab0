package bench

import (
	"strings"
	"testing"
	"time"
)

func ms(values ...int) (s Sample) {
	for _, v := range values {
		s = append(s, time.Duration(v)*time.Millisecond)
	}
	return s
}

// example has one figure that is missed.
func example() Results {
	r := NewRules(4000)
	change := Change{Rules: r, Reload: ms(7100, 7000, 7200), Fetched: ms(190, 200, 210), Outside: ms(290, 300, 310), RestartedFetched: ms(1500), RestartedOutside: ms(1600)}
	one := change
	one.Rules, one.Fetched = r.OneCluster(), ms(400)
	return Results{
		Machine: Machine{Processor: "A CPU", Cores: 2, Kernel: "6.1.0", Processors: 2, HostKernel: "6.12.0", System: "Debian", Keepalived: "Keepalived v2", Lbsync: "lbsync 1", Go: "go1.26", Load: "0.10 0.05 0.01"},
		Command: "lblab bench", Rounds: 3,
		Starts: []Start{
			{NewRules(200), ms(1500, 1400, 1600), ms(400), ms(200)},
			{r, ms(17000, 16000, 18000), ms(4000, 3900, 4100), ms(2000)},
		},
		Change: []Change{change, one},
		Idle:   Idle{r, ms(1000), ms(150), ms(900)},
		Agent:  Agent{r, 80 * time.Second, 100e6, 200e6, 44000, 0, 24012},
		Load:   Load{106207, 4000000, ms(700), 90e6},
		Diff:   Sample{4200 * time.Microsecond},
		Looks:  Looks{time.Microsecond, 2 * time.Microsecond, time.Millisecond, 2 * time.Millisecond},
	}
}

func TestMarkdown(t *testing.T) { golden(t, "results.md", []byte(example().Markdown())) }

func TestPlot(t *testing.T) { golden(t, "plot.svg", []byte(example().Plot())) }

func TestFiguresAreJudged(t *testing.T) {
	good := example()
	if got := good.Figures(); strings.Count(got, "MISSED") != 1 || !strings.Contains(got, "MISSED  4,000 × 10 in 1 cluster: one weight") {
		t.Errorf("the example misses one figure:\n%s", got)
	}
	for name, spoil := range map[string]func(*Results){
		"cold":      func(r *Results) { r.Starts[1].Cold = ms(4300) },
		"last good": func(r *Results) { r.Starts[1].LastGood = ms(2200) },
		"change":    func(r *Results) { r.Change[0].Fetched = ms(240) },
		"idle":      func(r *Results) { r.Idle.Fast = ms(200) },
		"writes":    func(r *Results) { r.Agent.Writes = 1 },
		"unread":    func(r *Results) { r.Agent.Reads = 0 },
		"uncounted": func(r *Results) { r.Agent.Filling = 0 },
		"resident":  func(r *Results) { r.Agent.Resident = 150e6 },
		"load":      func(r *Results) { r.Load.Took = ms(1000) },
		"peak":      func(r *Results) { r.Load.Peak = 200e6 },
		"diff":      func(r *Results) { r.Diff = ms(5) },
	} {
		r := example()
		spoil(&r)
		if got := r.Figures(); strings.Count(got, "MISSED") != 2 {
			t.Errorf("%s: not found out:\n%s", name, got)
		}
	}
}

func TestSample(t *testing.T) {
	s := ms(5, 1, 9, 3, 7)
	if s.Min() != time.Millisecond || s.Median() != 5*time.Millisecond || s.Max() != 9*time.Millisecond {
		t.Errorf("%s %s %s", s.Min(), s.Median(), s.Max())
	}
	if s[0] != 5*time.Millisecond {
		t.Error("the order of the rounds is lost")
	}
	if (Sample{}).Median() != 0 {
		t.Error("no rounds must be 0")
	}
}

func TestHuman(t *testing.T) {
	for d, want := range map[time.Duration]string{
		17300 * time.Millisecond: "17.3 s", time.Second: "1.00 s", 231 * time.Millisecond: "231 ms", 4050 * time.Microsecond: "4.05 ms",
		999600 * time.Microsecond: "1000 ms", 840: "840 ns", 9995 * time.Microsecond: "10.0 ms",
	} {
		if got := human(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 4000: "4,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
