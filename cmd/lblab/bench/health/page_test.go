package health

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/bench"
	"github.com/lbsync/lbsync/cmd/lblab/bench/page/pagetest"
)

var update = flag.Bool("update", false, "write the goldens")

func someResults() Results {
	c := cases(10 * time.Second)
	tcp := Measured{Case: c[0], CPU: 1500e6, Lasted: 10 * time.Second, Bare: 40e3, Probes: 33_333, Idle: 15e6, Resident: 30e6, Late: 5e6, AllBy: 3010e6, Burst: 1.2, Flying: 50}
	http := Measured{Case: c[2], CPU: 7000e6, Lasted: 10 * time.Second, Bare: 40e3, Probes: 100_000, Failed: 3, Idle: 15e6, Resident: 70e6, Late: 10e6, AllBy: 7 * time.Second, Burst: 2.3, Flying: 90}
	silent := Measured{Case: c[4], Noticed: 4100e6, Idle: 15e6, Resident: 31e6, Flying: 3400, Late: 5e6, Healthy: &Healthy{Due: 1366, Made: 1366, Late: 4e6}}
	late := Measured{Case: c[5], Noticed: 6100e6, Idle: 15e6, Resident: 31e6, Flying: 3400, Late: 5e6, Healthy: &Healthy{Due: 1220, Made: 1100, Skipped: 7, Failed: 3, Late: 90e6}}
	beside, refusing := c[0], c[3]
	beside.Checks, refusing.Checks = 2000, 2000
	return Results{
		Machine: bench.Machine{Processor: "a processor", Cores: 2, Kernel: "6.1", Processors: 2, HostKernel: "6.12", System: "Debian", Keepalived: "Keepalived v2.2.7", Lbsync: "lbsync 1", Go: "go1.26", Load: "0 0 0"},
		Command: "lblab bench health",
		Alone:   []Measured{tcp, http, silent, late},
		Beside: []Pair{
			{Measured{Case: beside, CPU: 300e6, Lasted: 10 * time.Second, Probes: 6667}, Measured{Case: beside, CPU: 600e6, Lasted: 10 * time.Second, Probes: 6600, Resident: 9e6}},
			{Measured{Case: refusing, Noticed: 3010e6}, Measured{Case: refusing, Noticed: 3e9}}},
	}
}

// The page of some results, with figures that are reached and others that are not.
func TestPage(t *testing.T) { pagetest.Golden(t, Page, someResults().WritePage, *update) }

// What keepalived is asked to check is what the case has.
func TestKeepalivedConf(t *testing.T) {
	c := Case{"tcp", 250, 3 * time.Second, time.Second, "", 0, 0}
	conf := c.keepalivedConf()
	if got := strings.Count(conf, "TCP_CHECK"); got != c.Checks {
		t.Errorf("%d checks, want %d", got, c.Checks)
	}
	if got := strings.Count(conf, "virtual_server "); got != 3 {
		t.Errorf("%d virtual servers, want 3", got)
	}
	for _, want := range []string{"delay_loop 3\n", "connect_timeout 1\n", "real_server " + address(249).Addr().String() + " 9000 {"} {
		if !strings.Contains(conf, want) {
			t.Errorf("%q is not in it", want)
		}
	}
	if strings.Count(conf, "{") != strings.Count(conf, "}") {
		t.Error("braces do not match")
	}
}
