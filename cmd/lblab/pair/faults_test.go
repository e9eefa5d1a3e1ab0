package pair

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// spoke tells whether the node ever advertised.
func (m *match) spoke(place int) bool {
	for _, f := range m.wire.Frames() {
		if f.Kind == Advert && f.Place == place {
			return true
		}
	}
	return false
}

// What happens to lbsync, a, while keepalived, b, waits for its chance.
func TestWhatKeepalivedNeverNotices(t *testing.T) {
	needs(t)
	slow := quick(true, 101, 150)
	slow.Interval, slow.Preempt = 500*time.Millisecond, false // time enough for a restart
	for name, fault := range map[string]string{
		"restart after kill -9": "kill a, start a, a keeps, a owns",
		"reload in place":       "reload a, a keeps, a owns",
		"address removed":       "strip a, a keeps, a owns",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if m := played(t, slow, "start a, a owns, start b, a keeps, "+fault, true, false); m.spoke(1) {
				t.Error(m.explain(errors.New("keepalived became master")))
			}
		})
	}
}

func TestRoleMoves(t *testing.T) {
	needs(t)
	for _, c := range []struct {
		name, scenario string
		a, b           bool // who is lbsync
	}{
		{"cable of lbsync", "start a, a owns, start b, a keeps, unplug a, b owns, plug a, a owns", true, false},
		{"cable of keepalived", "start a, a owns, start b, a keeps, unplug a, b owns, plug a, a owns", false, true},
		{"handover to keepalived, not taken back", "start a, a owns, start b, a keeps, handover a, b owns, b keeps, kill b, a owns", true, false},
		{"handover among lbsync", "start a, a owns, start b, a keeps, handover a, b owns, b keeps, handover b, a owns", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			played(t, quick(true, 101, 100), c.scenario, c.a, c.b)
		})
	}
}

// Two owners of equal priority that begin to hear each other: the higher address wins.
func TestTie(t *testing.T) {
	needs(t)
	for name, lbsync := range map[string][]bool{"lbsync alone": {true, true}, "lbsync has the lower address": {true, false}, "lbsync has the higher address": {false, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played(t, quick(true, 100, 100), "part a, start ab, ab own, join a, b owns, b keeps", lbsync...)
		})
	}
}

// keepalived refuses version 3 over IPv4 without the pseudo-header in its checksum, and lbsync takes both.
func TestChecksumThatKeepalivedRefuses(t *testing.T) {
	needs(t)
	for _, c := range []struct {
		name       string
		priorities []uint8
		scenario   string
	}{
		{"keepalived is higher and does not care", []uint8{100, 101}, "start a, a owns, start b, b owns, b keeps, kill b, a owns"},
		{"lbsync is higher, and both are masters", []uint8{101, 100}, "start b, b owns, start a, ab own"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			setup := quick(true, c.priorities...)
			setup.Plain = true
			m, err := newMatch(setup, nil, true, false)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := m.close(); err != nil {
					t.Error(err)
				}
			}()
			if err := m.play(c.scenario); err != nil {
				t.Fatal(err)
			}
			if said := m.speakers[1].Said(); !strings.Contains(said, "Invalid VRRPv3 checksum") {
				t.Errorf("keepalived does not complain of the checksum:\n%s", said)
			}
			counts(t, m.speakers[0].(*Lbsync))
		})
	}
}

// counts checks that lbsync says which checksum it hears, from which an operator sees what to write.
func counts(t *testing.T, e *Lbsync) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client, err := e.Client(ctx)
	if err != nil {
		t.Fatal(err)
	}
	status, err := client.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(status.Instances) != 1 {
		t.Fatalf("%d instances", len(status.Instances))
	}
	if c := status.Instances[0].Counters; c.PseudoSum == 0 || c.PlainSum != 0 {
		t.Errorf("checksums heard: %d with the pseudo-header, %d without", c.PseudoSum, c.PlainSum)
	}
	if status.Instances[0].State == spec.VRRPFault {
		t.Error("a fault")
	}
}
