package pair

import (
	"fmt"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// codis is the pair that this project began with.
var codis = Setup{Name: "codis_6379", RouterID: 79, Version: 2, Family: spec.IPv4, Interval: time.Second, Priorities: []uint8{100, 101},
	Unicast: true, Secret: "codis", Instances: 1, Addresses: 1}

var words = map[string]string{"codis": "codis79"}

// quick is an instance of version 3 as lbsync and keepalived understand each other, ten adverts a second.
func quick(preempt bool, priorities ...uint8) Setup {
	return Setup{Name: "quick", RouterID: 51, Version: 3, Family: spec.IPv4, Interval: 100 * time.Millisecond, Priorities: priorities,
		Preempt: preempt, Instances: 1, Addresses: 1}
}

// The cases that operators of directors rely on: both fail once and come back.
func TestSwitching(t *testing.T) {
	needs(t)
	const once = "start a, a owns, start b, a keeps, kill a, b owns, start a, b keeps, kill b, a owns, start b, a keeps"
	for _, c := range []struct {
		name, scenario string
		setup          Setup
	}{
		{"whoever holds keeps, as the pair codis_6379", once, codis},
		{"the higher one comes back, two switches for one fault",
			"start a, a owns, start b, a keeps, kill a, b owns, start a, a owns, a keeps", quick(true, 101, 100)},
		{"whoever holds keeps, though the other has more", once, quick(false, 101, 100)},
	} {
		for _, who := range []struct {
			name   string
			lbsync []bool
		}{{"keepalived alone", []bool{false, false}}, {"lbsync alone", []bool{true, true}}, {"lbsync and keepalived", []bool{true, false}}, {"keepalived and lbsync", []bool{false, true}}} {
			t.Run(c.name+"/"+who.name, func(t *testing.T) {
				t.Parallel()
				played(t, c.setup, c.scenario, who.lbsync...)
			})
		}
	}
}

// played fails the test unless the scenario went as written, without a contest longer than an advert.
func played(t *testing.T, setup Setup, scenario string, lbsync ...bool) *match {
	t.Helper()
	m, err := newMatch(setup, words, lbsync...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.close(); err != nil {
			t.Error(err)
		}
	})
	if err := m.play(scenario); err != nil {
		t.Fatal(err)
	}
	if worst := Worst(m.wire.Frames()[m.judged:], setup.RouterID); worst.Adverts > 1 {
		t.Fatal(m.explain(fmt.Errorf("two owners: %d adverts in %s", worst.Adverts, worst.For)))
	}
	return m
}
