package kerneltest

import (
	"net/netip"
	"syscall"

	"github.com/lbsync/lbsync/spec"
)

// defaultDaemon has the settings that the kernel gives a daemon by itself.
var defaultDaemon = spec.Daemon{
	SyncID: 10, Interface: "eth0", Group: netip.MustParseAddr("224.0.0.81"), Port: 8848, TTL: 1, MaxLen: 1472,
}

func daemonsPart(r *rig) {
	other := spec.Daemon{SyncID: 255, Interface: "eth0", Group: netip.MustParseAddr("239.1.2.3"), Port: 9000, TTL: 7, MaxLen: 1100}
	six := spec.Daemon{SyncID: 0, Interface: "eth0", Group: netip.MustParseAddr("ff05::81"), Port: 8848, TTL: 1, MaxLen: 1452}
	type daemons = spec.Rows[spec.Role, spec.Daemon]
	for _, want := range []daemons{
		{{Key: spec.RoleMaster, Value: defaultDaemon}},
		{{Key: spec.RoleMaster, Value: defaultDaemon}, {Key: spec.RoleBackup, Value: other}},
		{{Key: spec.RoleMaster, Value: other}, {Key: spec.RoleBackup, Value: defaultDaemon}}, // an edit of both
		{{Key: spec.RoleBackup, Value: six}},
		{{Key: spec.RoleMaster, Value: six}},
		{},
	} {
		r.hold(spec.State{Daemons: want})
	}
}

func daemonErrorsPart(r *rig) {
	with := func(f func(*spec.Daemon)) spec.Daemon {
		d := defaultDaemon
		f(&d)
		return d
	}
	on := func(name string) spec.Daemon { return with(func(d *spec.Daemon) { d.Interface = name }) }
	six := with(func(d *spec.Daemon) { d.Group = netip.MustParseAddr("ff05::81") })
	r.do(Add(spec.RoleMaster, defaultDaemon))
	before := r.last
	for _, c := range []refusal{
		{Add(spec.RoleMaster, defaultDaemon), syscall.EEXIST, "add sync daemon master: a daemon of this role runs already"},
		{Remove(spec.RoleBackup), syscall.ESRCH, "no daemon of this role runs"},
		{Edit(spec.RoleBackup, defaultDaemon), syscall.ESRCH, "no daemon of this role runs"},
		{Add(spec.RoleBackup, on("nosuch0")), 0, "nosuch0"},
		{Edit(spec.RoleMaster, on("bare0")), 0, "interface bare0 has no IPv4 address"},
		{Edit(spec.RoleMaster, on("down0")), 0, "interface down0 is down"},
		{Edit(spec.RoleMaster, on("small0")), 0, "maxlen 1472 does not fit interface small0"},
		{Edit(spec.RoleMaster, six), 0, "leaves 1452"},
		{Add(spec.RoleBackup, with(func(d *spec.Daemon) { d.MaxLen = 1000 })), 0, "no less than 1024"},
		{Add(spec.RoleBackup, with(func(d *spec.Daemon) { d.Group = netip.MustParseAddr("192.0.2.1") })), 0, "not a multicast address"},
		{Add(spec.RoleBackup, with(func(d *spec.Daemon) { d.Port = 0 })), 0, "port, ttl and maxlen"},
	} {
		if c.errno == 0 {
			r.refusesInAdvance(c)
		} else {
			r.refuses(c)
		}
	}
	if d := Diff(before, r.last); d != "" {
		r.Errorf("refused changes changed something:\n%s", d)
	}
	k := tcp("192.0.2.1:80")
	r.do(Add(k, spec.Service{Scheduler: "rr"}))
	mixed := Add(dest(k, "[2001:db8::21]:80"), spec.Dest{Weight: 1, Forward: spec.Tun})
	r.refuses(refusal{mixed, syscall.EINVAL, "while a sync daemon runs"})
	r.do(Remove(spec.RoleMaster), mixed)
	r.refuses(refusal{Add(spec.RoleMaster, defaultDaemon), syscall.EINVAL, "address family is not its service's"})
}
