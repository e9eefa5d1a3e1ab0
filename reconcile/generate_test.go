package reconcile_test

import (
	"net/netip"

	"pgregory.net/rapid"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// The universe is small, so that two states meet in most of their keys.
var (
	serviceKeys = []spec.ServiceKey{
		spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.1:80")), spec.AddrService(spec.UDP, netip.MustParseAddrPort("192.0.2.1:80")),
		spec.AddrService(spec.TCP, netip.MustParseAddrPort("[2001:db8::1]:80")), spec.MarkService(7, spec.IPv4),
	}
	destAddrs = []netip.AddrPort{
		netip.MustParseAddrPort("192.0.2.21:80"), netip.MustParseAddrPort("192.0.2.22:80"), netip.MustParseAddrPort("192.0.2.23:80"),
	}
	roles       = []spec.Role{spec.RoleMaster, spec.RoleBackup}
	timeoutKeys = []spec.TimeoutKey{spec.TimeoutTCP, spec.TimeoutUDP}
	sysctlKeys  = []spec.SysctlKey{"net.ipv4.vs.conntrack", "net.ipv4.vs.sync_threshold"}
)

// anyState draws a state in which every real server has its service.
func anyState(t *rapid.T, name string) spec.State {
	services := anyRows(t, name, serviceKeys, func() spec.Service {
		return spec.Service{Scheduler: rapid.SampledFrom([]string{"rr", "mh"}).Draw(t, "scheduler")}
	})
	var dests spec.Rows[spec.DestKey, spec.Dest]
	for _, s := range services {
		var keys []spec.DestKey
		for _, a := range destAddrs {
			keys = append(keys, spec.DestKey{Service: s.Key, Addr: a})
		}
		dests = append(dests, anyRows(t, name, keys, func() spec.Dest {
			forward := rapid.SampledFrom([]spec.Forward{spec.NAT, spec.DR}).Draw(t, "forward")
			return spec.Dest{Weight: rapid.Int32Range(0, 2).Draw(t, "weight"), Forward: forward}
		})...)
	}
	return spec.State{
		Services: services, Dests: dests,
		Daemons:  anyRows(t, name, roles, func() spec.Daemon { return spec.Daemon{SyncID: rapid.Uint8Range(1, 2).Draw(t, "syncid")} }),
		Timeouts: anyRows(t, name, timeoutKeys, func() spec.Seconds { return rapid.SampledFrom([]spec.Seconds{60, 900}).Draw(t, "timeout") }),
		Sysctls:  anyRows(t, name, sysctlKeys, func() spec.Setting { return rapid.SampledFrom([]spec.Setting{"0", "1"}).Draw(t, "sysctl") }),
		VRRP:     anyVRRP(t, name),
	}
}

func anyRows[K spec.RowKey[K], V spec.RowValue](t *rapid.T, name string, keys []K, value func() V) spec.Rows[K, V] {
	var out spec.Rows[K, V]
	for _, k := range keys {
		if rapid.Bool().Draw(t, name+" has "+k.String()) {
			out = append(out, spec.Row[K, V]{Key: k, Value: value()})
		}
	}
	out.Sort()
	return out
}

// anyInput draws all that a plan depends on, but for holds.
func anyInput(t *rapid.T) reconcile.PlanInput {
	in := reconcile.PlanInput{Want: anyState(t, "want"), Live: anyState(t, "live")}
	in.Owned = reconcile.Owned{}.Claim(anyState(t, "owned"))
	if rapid.Bool().Draw(t, "applied before") {
		prior := anyState(t, "prior")
		in.Prior = &prior
	}
	return in
}

// endOf is the state that a plan has to lead to, computed without a plan: all that is wanted, and what is foreign.
func endOf(in reconcile.PlanInput) spec.State {
	foreign := func(k spec.Key) bool { return !in.Owned.Has(k) }
	end := spec.State{
		Services: overlay(in.Want.Services, in.Live.Services, foreign),
		Daemons:  overlay(in.Want.Daemons, in.Live.Daemons, foreign),
		Timeouts: overlay(in.Want.Timeouts, in.Live.Timeouts, func(spec.Key) bool { return true }),
		Sysctls:  overlay(in.Want.Sysctls, in.Live.Sysctls, func(spec.Key) bool { return true }),
		VRRP:     in.Want.VRRP,
	}
	end.Dests = overlay(in.Want.Dests, in.Live.Dests, func(k spec.Key) bool {
		_, wanted := in.Want.Services.Find(k.(spec.DestKey).Service)
		return !wanted && foreign(k)
	})
	return end
}

// overlay is what is wanted, and of what is live besides, that which stays.
func overlay[K spec.RowKey[K], V spec.RowValue](want, live spec.Rows[K, V], stays func(spec.Key) bool) spec.Rows[K, V] {
	out := append(spec.Rows[K, V]{}, want...)
	for _, l := range live {
		if _, wanted := want.Find(l.Key); !wanted && stays(l.Key) {
			out = append(out, l)
		}
	}
	out.Sort()
	return out
}
