package pair

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// unnoticed are faults of lbsync, a, after which keepalived, b, must not have said a word.
func unnoticed() []trial {
	slow := quick(false, 101, 150)
	slow.Interval = 500 * time.Millisecond // time enough for a restart
	var out []trial
	for _, c := range [][2]string{
		{"restart after kill -9", "kill a, start a, a keeps, a owns"},
		{"reload in place", "reload a, a keeps, a owns"},
		{"address removed by hand", "strip a, a keeps, a owns"},
	} {
		out = append(out, trial{"keepalived notices nothing/" + c[0], slow, []bool{true, false}, "start a, a owns, start b, a keeps, " + c[1], silent})
	}
	return out
}

// silent is an error if the second node ever advertised.
func silent(m *match) error {
	for _, f := range m.wire.Frames() {
		if f.Kind == Advert && f.Place == 1 {
			return errors.New("keepalived became master")
		}
	}
	return nil
}

// moves are other ways of moving a role.
func moves() []trial {
	const cable = "start a, a owns, start b, a keeps, unplug a, b owns, plug a, a owns"
	setup := quick(true, 101, 100)
	return []trial{
		{"cable pulled and plugged/of lbsync, keepalived waiting", setup, []bool{true, false}, cable, nil},
		{"cable pulled and plugged/of keepalived, lbsync waiting", setup, []bool{false, true}, cable, nil},
		{"cable pulled and plugged/lbsync alone", setup, []bool{true, true}, cable, nil},
		{"handover, not taken back/to keepalived", setup, []bool{true, false}, "start a, a owns, start b, a keeps, handover a, b owns, b keeps, kill b, a owns", nil},
		{"handover, not taken back/lbsync alone", setup, []bool{true, true}, "start a, a owns, start b, a keeps, handover a, b owns, b keeps, handover b, a owns", nil},
	}
}

// ties are two owners of equal priority that begin to hear each other: the higher address wins.
func ties() []trial {
	var out []trial
	for _, who := range everybody[:3] {
		out = append(out, trial{"split network heals, equal priority/" + who.name, quick(true, 100, 100), who.lbsync, "part a, start ab, ab own, join a, b owns, b keeps", nil})
	}
	return out
}

// refusals are about the checksum of version 3 over IPv4: keepalived refuses one without the pseudo-header, lbsync takes both.
func refusals() []trial {
	higher, lower := quick(true, 101, 100), quick(true, 100, 101)
	higher.Plain, lower.Plain = true, true
	return []trial{
		{"checksum rfc9568, refused by keepalived/keepalived is higher and does not care", lower, []bool{true, false}, "start a, a owns, start b, b owns, b keeps, kill b, a owns", complains},
		{"checksum rfc9568, refused by keepalived/lbsync is higher, both are masters", higher, []bool{true, false}, "start b, b owns, start a, ab hold", complains},
	}
}

// complains checks that keepalived says so, and that lbsync counts what it hears: from this an operator sees what to write.
func complains(m *match) error {
	if !strings.Contains(m.speakers[1].Said(), "Invalid VRRPv3 checksum") {
		return errors.New("keepalived does not complain of the checksum")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client, err := m.speakers[0].(*Lbsync).Client(ctx)
	if err != nil {
		return err
	}
	status, err := client.Status(ctx)
	if err != nil {
		return err
	}
	if len(status.Instances) != 1 {
		return fmt.Errorf("%d instances", len(status.Instances))
	}
	if c := status.Instances[0].Counters; c.PseudoSum == 0 || c.PlainSum != 0 {
		return fmt.Errorf("checksums heard: %d with the pseudo-header, %d without", c.PseudoSum, c.PlainSum)
	}
	return nil
}
