package kerneltest

import (
	"errors"
	"io/fs"
	"math"
	"strings"
	"syscall"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

func (r *rig) refusesInAdvance(want refusal) {
	r.Helper()
	if err := r.apply(want.change)[0]; err == nil || !strings.Contains(err.Error(), want.text) {
		r.Errorf("%s %s: error %v; want %q", want.change.Action, want.change.Key, err, want.text)
	}
}

func timeoutsPart(r *rig) {
	expect := func(tcp, fin, udp spec.Seconds) {
		r.Helper()
		want := spec.Rows[spec.TimeoutKey, spec.Seconds]{{Key: spec.TimeoutTCP, Value: tcp}, {Key: spec.TimeoutTCPFin, Value: fin}, {Key: spec.TimeoutUDP, Value: udp}}
		if d := Diff(spec.State{Timeouts: want}, spec.State{Timeouts: r.last.Timeouts}); d != "" {
			r.Errorf("(-want +observed):\n%s", d)
		}
	}
	expect(900, 120, 300)
	r.do(Edit(spec.TimeoutTCP, spec.Seconds(3600)))
	expect(3600, 120, 300)
	r.do(Edit(spec.TimeoutUDP, spec.Seconds(1)), Edit(spec.TimeoutTCPFin, spec.Seconds(86400)), Edit(spec.TimeoutTCP, spec.Seconds(0)))
	expect(3600, 86400, 1)
	r.refuses(refusal{Edit(spec.TimeoutTCP, spec.Seconds(math.MaxInt32)), syscall.EINVAL, "edit timeout tcp"})
	r.refusesInAdvance(refusal{Remove(spec.TimeoutTCP), 0, kernel.ErrOnlySet.Error()})
	r.refusesInAdvance(refusal{Edit(spec.TimeoutKey("sctp"), spec.Seconds(1)), 0, kernel.ErrOnlySet.Error()})
	expect(3600, 86400, 1)
}

func sysctlsPart(r *rig) {
	threshold, nodest := spec.SysctlKey("net.ipv4.vs.sync_threshold"), spec.SysctlKey("net.ipv4.vs.expire_nodest_conn")
	expect := func(key spec.SysctlKey, want spec.Setting) {
		r.Helper()
		if got, _ := r.last.Sysctls.Find(key); got.Value != want {
			r.Errorf("%s is %q, want %q", key, got.Value, want)
		}
	}
	for _, d := range r.last.Sysctls {
		want, known := sysctlDefaults[d.Key]
		if known && want != d.Value && d.Key != "net.ipv4.vs.sync_qlen_max" {
			r.Errorf("%s is %q from the start, want %q", d.Key, d.Value, want)
		}
	}
	r.do(Edit(threshold, spec.Setting(" 5\t 100 ")), Edit(nodest, spec.Setting("1")))
	expect(threshold, "5 100")
	expect(nodest, "1")
	r.do(Edit(threshold, spec.Setting("0 1")))
	expect(threshold, "0 1")
	for text, change := range map[string]spec.Change{
		"is not a whole number": Edit(nodest, spec.Setting("yes")), "value is empty": Edit(nodest, spec.Setting(" ")),
		kernel.ErrOnlySet.Error(): Remove(nodest),
	} {
		r.refusesInAdvance(refusal{change, 0, text})
	}
	arp := spec.SysctlKey("net.ipv4.conf.eth0.arp_ignore")
	expect(arp, "") // of the others only those are observed that were set, or asked for
	r.do(Edit(arp, spec.Setting("1")))
	expect(arp, "1")
	err := r.apply(Edit(spec.SysctlKey("net.ipv4.vs.nosuch"), spec.Setting("1")))[0]
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "edit sysctl net.ipv4.vs.nosuch: ") || !strings.Contains(err.Error(), "module ip_vs") {
		r.Errorf("a missing sysctl: error %v", err)
	}
	expect(nodest, "1")
}

// countersPart reads the counters of idle services: every object has them, in order, and they are 0 but for the weight.
func countersPart(r *rig) {
	a, b := tcp("192.0.2.1:80"), spec.MarkService(3, spec.IPv6)
	want := state(map[spec.ServiceKey]spec.Service{a: {Scheduler: "rr"}, b: {Scheduler: "rr"}})
	r.hold(want)
	for _, c := range []struct {
		ask             []spec.ServiceKey
		services, dests int
	}{{nil, 2, 4}, {[]spec.ServiceKey{b}, 1, 2}, {[]spec.ServiceKey{tcp("192.0.2.9:80")}, 0, 0}} {
		got, err := r.k.Stats(r.Context(), c.ask...)
		if err != nil || len(got.Services) != c.services || len(got.Dests) != c.dests {
			r.Fatalf("counters of %v: %+v, error %v; want %d services, %d real servers", c.ask, got, err, c.services, c.dests)
		}
	}
	all, _ := r.k.Stats(r.Context())
	for i, d := range all.Dests {
		if d != (spec.DestStats{Key: want.Dests[i].Key, Weight: want.Dests[i].Value.Weight}) {
			r.Errorf("counters %+v of an idle real server %s", d, want.Dests[i].Key)
		}
	}
}
