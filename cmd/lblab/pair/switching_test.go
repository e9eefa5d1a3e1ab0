package pair

import (
	"time"

	"github.com/lbsync/lbsync/spec"
)

// codis is the pair that this project began with.
var codis = Setup{Name: "codis_6379", RouterID: 79, Version: 2, Family: spec.IPv4, Interval: time.Second, Priorities: []uint8{100, 101},
	Unicast: true, Secret: "codis", Instances: 1, Addresses: 1}

// quick is an instance of version 3 as lbsync and keepalived understand each other, ten adverts a second.
func quick(preempt bool, priorities ...uint8) Setup {
	return Setup{Name: "quick", RouterID: 51, Version: 3, Family: spec.IPv4, Interval: 100 * time.Millisecond, Priorities: priorities,
		Preempt: preempt, Instances: 1, Addresses: 1}
}

// switchings are the cases that operators of directors rely on: both nodes fail once and come back.
func switchings() []trial {
	const once = "start a, a owns, start b, a keeps, kill a, b owns, start a, b keeps, kill b, a owns, start b, a keeps"
	const twice = "start a, a owns, start b, a keeps, kill a, b owns, start a, a owns, a keeps"
	var out []trial
	for _, c := range []trial{
		{name: "codis_6379: whoever holds keeps", setup: codis, scenario: once},
		{name: "priority 101 comes back to 100: two switches for one fault", setup: quick(true, 101, 100), scenario: twice},
		{name: "priority 101 comes back without preempt: whoever holds keeps", setup: quick(false, 101, 100), scenario: once},
	} {
		for _, who := range everybody {
			out = append(out, trial{c.name + "/" + who.name, c.setup, who.lbsync, c.scenario, nil})
		}
	}
	return out
}

// everybody is who may stand at the two places. keepalived alone shows that the scenario is not lbsync's own idea.
var everybody = []struct {
	name   string
	lbsync []bool
}{
	{"lbsync alone", []bool{true, true}}, {"lbsync and keepalived", []bool{true, false}},
	{"keepalived and lbsync", []bool{false, true}}, {"keepalived alone", []bool{false, false}},
}
