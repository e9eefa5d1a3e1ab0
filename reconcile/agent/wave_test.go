package agent

import (
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

// waves are two clusters of two directors: lb1 and lb2 of the first wave, lb3 and lb4 of the second, which lets a commit soak for a minute.
func waves(t *testing.T, f func(p *pair)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		gathered(t, wavesLoader, "lb1", "lb2", "lb3", "lb4").run(f)
	})
}

func wavesLoader(fsys fs.FS) (*spec.Fleet, hcl.Diagnostics) {
	fleet, diags := pairLoader(fsys)
	if fleet == nil {
		return nil, diags
	}
	for i, name := range []string{"lb3", "lb4"} {
		d := *fleet.Directors[i].Def
		d.Name, d.PublicKey = name, "key of "+name
		fleet.Directors = append(fleet.Directors, spec.Placed[spec.Director]{Def: &d})
	}
	second := fleet.Clusters[0]
	second.Name, second.Directors = "second", []string{"lb3", "lb4"}
	in := *second.Instances[0].Def
	in.Priority.By = map[string]uint8{"lb3": 100, "lb4": 101}
	second.Instances = []spec.Placed[spec.VRRPInstance]{{Def: &in, Place: second.Instances[0].Place}}
	fleet.Clusters[0].Rollout.Wave = 1
	second.Rollout = spec.Rollout{Wave: 2, Soak: time.Minute}
	fleet.Clusters = append(fleet.Clusters, second)
	return fleet, diags
}

// until waits for a condition for at most five minutes.
func (p *pair) until(what string, ok func() bool) {
	p.t.Helper()
	for range 600 {
		if ok() {
			return
		}
		p.pass(500 * time.Millisecond)
	}
	p.t.Fatalf("it never came to this: %s", what)
}

func (p *pair) confirmed(commit string, names ...string) bool {
	for _, name := range names {
		if p.on(name).Confirmed != id(commit) {
			return false
		}
	}
	return true
}

func TestAWaveWaitsForTheOneBefore(t *testing.T) {
	waves(t, func(p *pair) {
		p.until("a is confirmed", func() bool { return p.confirmed("a", p.names...) })
		p.commit("b", "a", heavier("5"))
		p.until("b is confirmed in the first wave", func() bool { return p.confirmed("b", "lb1", "lb2") })
		for _, name := range []string{"lb3", "lb4"} {
			s := p.on(name)
			if p.weightOf(name) != 1 || s.Phase != spec.Waiting || len(s.Holds) == 0 || !strings.HasPrefix(s.Holds[0].Why, "the wave before: it must have held on lb") {
				p.t.Errorf("%s has weight %d in the soak, is %s, holds %+v", name, p.weightOf(name), s.Phase, s.Holds)
			}
		}
		if peers := p.on("lb3").Peers; len(peers) != 3 || !peers[0].Earlier || !peers[0].Confirmed || peers[2].Earlier {
			p.t.Errorf("lb3 knows %+v", peers)
		}
		p.until("b is confirmed in the second wave", func() bool { return p.confirmed("b", p.names...) })
	})
}

// What the first wave takes back never reaches the second, and a newer commit is waited for anew.
func TestAWaveStopsWhatTheOneBeforeTookBack(t *testing.T) {
	waves(t, func(p *pair) {
		p.until("a is confirmed", func() bool { return p.confirmed("a", p.names...) })
		p.of["lb2"].kernel.Inject(failing(p.of["lb2"].kernel))
		p.commit("b", "a", heavier("5"))
		p.until("lb2 took b back", func() bool { return p.on("lb2").Reverted != nil })
		p.pass(5 * time.Minute)
		for _, name := range []string{"lb1", "lb3", "lb4"} {
			if p.weightOf(name) != 1 {
				p.t.Errorf("%s applied what lb2 took back", name)
			}
		}
		if s := p.on("lb4"); len(s.Holds) == 0 || !strings.HasPrefix(s.Holds[0].Why, "the wave before: lb") {
			p.t.Errorf("lb4 holds %+v", s.Holds)
		}
		p.of["lb2"].kernel.Inject()
		p.commit("c", "b", heavier("7"))
		p.until("c is confirmed everywhere", func() bool { return p.confirmed("c", p.names...) })
	})
}

func TestAnOperatorEndsTheSoak(t *testing.T) {
	waves(t, func(p *pair) {
		p.until("a is confirmed", func() bool { return p.confirmed("a", p.names...) })
		p.wire.silence("lb1", true)
		p.commit("b", "a", heavier("5"))
		p.until("lb3 says who is silent", func() bool {
			s := p.on("lb3")
			return len(s.Holds) > 0 && s.Holds[0].Why == "the wave before: lb1 does not answer (connection refused)"
		})
		p.wire.silence("lb1", false)
		p.until("b is confirmed in the first wave", func() bool { return p.confirmed("b", "lb1", "lb2") })
		for _, name := range []string{"lb3", "lb4"} {
			if _, err := p.of[name].agent.Do(p.t.Context(), spec.Command{Verb: spec.Proceed, Reason: "it is urgent"}); err != nil {
				p.t.Fatal(err)
			}
		}
		p.pass(30 * time.Second)
		if !p.confirmed("b", p.names...) {
			p.t.Errorf("lb3 is %s, holds %+v", p.on("lb3").Phase, p.on("lb3").Holds)
		}
	})
}
