package sync

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"flag"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/bench"
	"github.com/lbsync/lbsync/cmd/lblab/bench/page/pagetest"
	"github.com/lbsync/lbsync/cmd/lblab/topology"
	"github.com/lbsync/lbsync/cmd/lblab/traffic"
	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/spec"
)

var update = flag.Bool("update", false, "write the goldens")

func someResults() Results {
	run := Run{Case: "weight changed", Failover: Handover, Master: "lb2", Opening: 3 * time.Second, Changing: 3930 * time.Millisecond}
	active, idle, young := traffic.Group{Class: traffic.Active}, traffic.Group{Class: traffic.Idle}, traffic.Group{Class: traffic.Young, During: true}
	run.take(map[traffic.Group]traffic.Count{active: {Opened: 400}, idle: {Opened: 300}, young: {Opened: 49, Refused: 2, Lost: 49}},
		map[traffic.Group]int{active: 400, idle: 299})
	killed := run
	killed.LostEarlier = 3
	killed.Case, killed.Failover, killed.Notes = "agent killed while the syncid changes", Crash, []string{"agent of lb1 killed 1.2s after the commit"}
	return Results{Command: "lblab bench sync", Connections: 1000, Seed: 7, Runs: []Run{run, killed},
		Machine: bench.Machine{Processor: "a processor", Cores: 2, Kernel: "6.1", Processors: 2, HostKernel: "6.18", System: "Debian", Lbsync: "lbsync 1", Go: "go1.26", Load: "0 0 0"}}
}

func TestPage(t *testing.T) { pagetest.Golden(t, Page, someResults().WritePage, *update) }

func TestEnds(t *testing.T) {
	table := `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP C0000282 D2F0 C0000264 18EB C0000215 18EB ESTABLISHED     899
TCP C0000282 D2F1 C0000264 18EB C0000215 18EB SYN_RECV         59
TCP C0000283 D2F2 C0000264 18EB C0000215 18EB ESTABLISHED     899
UDP C0000282 D2F3 C0000264 18EB C0000215 18EB UDP             299
TCP 2001:0db8:0000:0000:0000:0000:0000:0050 D2F4 2001:0db8:0000:0000:0000:0000:0000:0064 18EB 2001:0db8:0000:0000:0000:0000:0000:0021 18EB ESTABLISHED 899
`
	got := parseEnds([]byte(table), source(0))
	if len(got) != 1 || !got[netip.MustParseAddrPort("192.0.2.130:54000")] {
		t.Errorf("ends of %s: %v", source(0), got)
	}
}

func TestTopologyParses(t *testing.T) {
	plan, err := topology.Parse(networkFile, network)
	if err != nil || len(plan.Nodes) != 6 || len(plan.Nodes[0].Links[0].Addresses) != sources {
		t.Errorf("%+v, %v", plan, err)
	}
}

// TestCommitsAreFleets: what each case commits would be accepted, and differs from what was before.
func TestCommitsAreFleets(t *testing.T) {
	changes := map[string]func(*fleet){"nothing": func(f *fleet) { f.syncid++ }, "third": third(0), "gone": third(absent), "added": third(1)}
	for name, change := range changes {
		f := firstFleet()
		for i := range f.keys {
			seed := bytes.Repeat([]byte{byte(i)}, ed25519.SeedSize)
			f.keys[i] = "ed25519:" + base64.StdEncoding.EncodeToString(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
		}
		if name == "gone" {
			f.weights[2] = 1
		}
		was := f.hcl()
		change(&f)
		loaded, _, diags := spec.LoadFS(fstest.MapFS{"fleet.hcl": {Data: []byte(f.hcl())}})
		if loaded == nil {
			t.Fatalf("%s: %v", name, diags)
		}
		if found := policies.Check(policies.Input{Fleet: loaded}).Diags; found.HasErrors() {
			t.Errorf("%s: %v", name, found)
		}
		if f.hcl() == was {
			t.Errorf("%s changes nothing", name)
		}
	}
}

func TestJobsAreChecked(t *testing.T) {
	good := Job{Connections: 1000, Failovers: []Failover{Handover, Crash}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	if n, m := len(good.selected(Handover)), len(good.selected(Crash)); n != len(cases()) || m == 0 || m >= n {
		t.Errorf("%d cases with a handover, %d with a crash, of %d", n, m, len(cases()))
	}
	for want, j := range map[string]Job{
		"connections":   {Failovers: good.Failovers},
		"no case":       {Connections: 10, Failovers: good.Failovers, Cases: []string{"nonsense"}},
		"handover or":   {Connections: 10, Failovers: []Failover{"flood"}},
		"runs: want 1 ": {Connections: 10},
	} {
		if err := j.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want …%s…", j, err, want)
		}
	}
}
