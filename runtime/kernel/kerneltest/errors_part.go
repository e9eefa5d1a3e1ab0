package kerneltest

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// refusal is a change that a kernel refuses, with the errno and a part of the text that an operator reads.
type refusal struct {
	change spec.Change
	errno  syscall.Errno
	text   string
}

func errorsPart(r *rig) {
	k, k6, gone := tcp("192.0.2.1:80"), tcp("[2001:db8::1]:80"), tcp("192.0.2.9:80")
	r.do(Add(k, spec.Service{Scheduler: "wlc"}), Add(k6, spec.Service{Scheduler: "wlc"}), Add(dest(k, "192.0.2.21:80"), spec.Dest{Weight: 1}))
	rr := spec.Service{Scheduler: "rr"}
	before := r.last
	for _, c := range []refusal{
		{Add(k, rr), syscall.EEXIST, "add service tcp 192.0.2.1:80: file exists"},
		{Edit(gone, rr), syscall.ESRCH, "edit service tcp 192.0.2.9:80: there is no such service"},
		{Remove(gone), syscall.ESRCH, "there is no such service"},
		{Add(tcp("[2001:db8::2]:80"), spec.Service{Scheduler: "rr", Persistence: 1, Netmask: 129}), syscall.EINVAL, "persistence_prefix 129"},
		{Edit(k6, spec.Service{Scheduler: "rr", Persistence: 1}), syscall.EINVAL, "persistence_prefix 0"},
		{Add(dest(k, "192.0.2.21:80"), spec.Dest{Weight: 1}), syscall.EEXIST, "add real server tcp 192.0.2.1:80 > 192.0.2.21:80: file exists"},
		{Add(dest(gone, "192.0.2.21:80"), spec.Dest{Weight: 1}), syscall.ESRCH, "its service does not exist"},
		{Edit(dest(k, "192.0.2.22:80"), spec.Dest{Weight: 1}), syscall.ENOENT, "there is no such real server"},
		{Remove(dest(k, "192.0.2.22:80")), syscall.ENOENT, "there is no such real server"},
		{Remove(dest(gone, "192.0.2.22:80")), syscall.ESRCH, "its service does not exist"},
		{Add(dest(k, "192.0.2.22:80"), spec.Dest{Weight: -1}), syscall.ERANGE, "weight -1"},
		{Edit(dest(k, "192.0.2.21:80"), spec.Dest{Weight: 1, Upper: 1, Lower: 2}), syscall.ERANGE, "lower threshold 2 above upper 1"},
		{Add(dest(k, "192.0.2.22:80"), spec.Dest{Forward: spec.Tun, Tunnel: spec.Tunnel{Type: spec.GUE}}), syscall.EINVAL, "needs a port"},
		{Add(dest(k, "224.0.0.1:80"), spec.Dest{Forward: spec.DR}), syscall.EINVAL, "neither a unicast address"},
		{Add(dest(k, "0.0.0.0:80"), spec.Dest{Forward: spec.DR}), syscall.EINVAL, "neither a unicast address"},
		{Add(dest(k, "255.255.255.255:80"), spec.Dest{Forward: spec.DR}), syscall.EINVAL, "neither a unicast address"},
		{Add(dest(k6, "[ff02::1]:80"), spec.Dest{Forward: spec.DR}), syscall.EINVAL, "neither a unicast address"},
		{Add(dest(k6, "[::]:80"), spec.Dest{Forward: spec.DR}), syscall.EINVAL, "neither a unicast address"},
		{Add(dest(k6, "[fe80::21]:80"), spec.Dest{Forward: spec.DR}), syscall.EINVAL, "neither a unicast address"},
		{Add(dest(k, "[2001:db8::21]:80"), spec.Dest{Forward: spec.DR}), syscall.EINVAL, "only forwarding tun"},
		{Add(dest(k6, "192.0.2.21:80"), spec.Dest{Forward: spec.NAT}), syscall.EINVAL, "only forwarding tun"},
	} {
		r.refuses(c)
	}
	if d := Diff(before, r.last); d != "" {
		r.Errorf("refused changes changed something:\n%s", d)
	}
}

func (r *rig) refuses(want refusal) {
	r.Helper()
	err := r.apply(want.change)[0]
	if !errors.Is(err, want.errno) || !strings.Contains(err.Error(), want.text) {
		r.Errorf("%s %s: error %v; want %q with %q", want.change.Action, want.change.Key, err, want.errno, want.text)
	}
}

// modulesPart: what cannot be had stops its service and that one's real servers, before any write, and nothing else.
func modulesPart(r *rig) {
	bad, worse, good, old := tcp("192.0.2.1:80"), udp("192.0.2.1:5060"), tcp("192.0.2.2:80"), tcp("192.0.2.3:80")
	r.do(Add(old, spec.Service{Scheduler: "rr"}))
	one := spec.Dest{Weight: 1}
	errs := r.apply(
		Add(bad, spec.Service{Scheduler: "nosuch"}), Add(dest(bad, "192.0.2.21:80"), one),
		Add(worse, spec.Service{Scheduler: "rr", Persistence: 1, Netmask: 32, Engine: "nosuch"}), Add(dest(worse, "192.0.2.21:80"), one),
		Edit(old, spec.Service{Scheduler: "nosuch"}), Add(dest(old, "192.0.2.21:80"), one),
		Add(good, spec.Service{Scheduler: "rr"}), Add(dest(good, "192.0.2.21:80"), one),
	)
	for i, text := range []string{
		"add service tcp 192.0.2.1:80: scheduler nosuch: module ip_vs_nosuch is not available", "its service is not written: scheduler nosuch",
		"persistence engine nosuch: module ip_vs_pe_nosuch is not available", "its service is not written: persistence engine nosuch",
		"edit service tcp 192.0.2.3:80: scheduler nosuch: module ip_vs_nosuch is not available", "its service is not written",
	} {
		var missing *kernel.MissingModule
		if !errors.As(errs[i], &missing) || !strings.Contains(errs[i].Error(), text) {
			r.Errorf("change %d: error %v, want %q", i, errs[i], text)
		}
	}
	if errs[6] != nil || errs[7] != nil {
		r.Errorf("the service with a known scheduler: errors %v, %v", errs[6], errs[7])
	}
	want := state(map[spec.ServiceKey]spec.Service{old: {Scheduler: "rr"}, good: {Scheduler: "rr"}}).Services
	if d := Diff(spec.State{Services: want}, spec.State{Services: r.last.Services}); d != "" || len(r.last.Dests) != 1 {
		r.Errorf("%d real servers, want 1; services (-want +observed):\n%s", len(r.last.Dests), d)
	}
}

// orderPart gives changes of which each needs the one before it.
func orderPart(r *rig) {
	k, d, qlen := tcp("192.0.2.1:80"), dest(tcp("192.0.2.1:80"), "192.0.2.21:80"), spec.SysctlKey("net.ipv4.vs.sync_threshold")
	r.do(
		Add(k, spec.Service{Scheduler: "rr"}), Add(d, spec.Dest{Weight: 1}), Edit(qlen, spec.Setting("0 1")),
		Edit(d, spec.Dest{Weight: 2}), Remove(d), Add(spec.RoleMaster, defaultDaemon), Add(d, spec.Dest{Weight: 3}),
		Remove(k), Add(k, spec.Service{Scheduler: "wlc"}), Edit(qlen, spec.Setting("3 50")), Remove(spec.RoleMaster),
	)
	if len(r.last.Services) != 1 || r.last.Services[0].Value.Scheduler != "wlc" || len(r.last.Dests) != 0 || len(r.last.Daemons) != 0 {
		r.Errorf("observed %+v", owned(r.last))
	}
}

func cancelledPart(r *rig) {
	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	k := tcp("192.0.2.1:80")
	errs := r.k.Apply(ctx, []spec.Change{Add(k, spec.Service{Scheduler: "rr"}), Add(dest(k, "192.0.2.21:80"), spec.Dest{})})
	for i, err := range errs {
		if !errors.Is(err, context.Canceled) {
			r.Errorf("change %d: error %v, want %v", i, err, context.Canceled)
		}
	}
	if _, err := r.k.ObserveFull(ctx); !errors.Is(err, context.Canceled) {
		r.Errorf("observe: error %v, want %v", err, context.Canceled)
	}
	r.hold(spec.State{}) // nothing was written, and the kernel still answers
}
