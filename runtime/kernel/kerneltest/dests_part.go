package kerneltest

import (
	"fmt"
	"math"
	"net/netip"

	"github.com/lbsync/lbsync/spec"
)

func destsPart(r *rig) {
	v4, v6, mark := tcp("192.0.2.1:80"), tcp("[2001:db8::1]:80"), spec.MarkService(9, spec.IPv4)
	tunnels := []spec.Tunnel{
		{Type: spec.IPIP}, {Type: spec.GUE, Port: 6080}, {Type: spec.GUE, Port: 65535, Checksum: spec.Sum},
		{Type: spec.GUE, Port: 1, Checksum: spec.RemoteSum}, {Type: spec.GRE}, {Type: spec.GRE, Checksum: spec.Sum},
	}
	values := []spec.Dest{
		{Weight: 1, Forward: spec.NAT}, {Weight: 1, Forward: spec.DR}, {Weight: 1, Forward: spec.Local},
		{Weight: 0, Forward: spec.DR}, {Weight: 65535, Forward: spec.DR}, {Weight: 70000, Forward: spec.DR}, {Weight: math.MaxInt32, Forward: spec.DR},
		{Weight: 1, Forward: spec.DR, Upper: 10}, {Weight: 1, Forward: spec.DR, Upper: 10, Lower: 5}, {Weight: 1, Forward: spec.NAT, Upper: math.MaxInt32, Lower: 1},
	}
	for _, tun := range tunnels {
		values = append(values, spec.Dest{Weight: 1, Forward: spec.Tun, Tunnel: tun})
	}
	var st spec.State
	for _, k := range []spec.ServiceKey{v4, v6, mark} {
		st.Services = append(st.Services, spec.Row[spec.ServiceKey, spec.Service]{Key: k, Value: spec.Service{Scheduler: "wlc"}})
		for i, v := range values {
			a := fmt.Sprintf("192.0.2.%d:80", 20+i)
			if k.Family == spec.IPv6 {
				a = fmt.Sprintf("[2001:db8::%d]:80", 20+i)
			}
			st.Dests = append(st.Dests, spec.Row[spec.DestKey, spec.Dest]{Key: dest(k, a), Value: v})
		}
	}
	st.Services.Sort()
	st.Dests.Sort()
	r.hold(st)
	mixedFamilies(r, st, v4, v6)
	ownAddress(r, v4)
}

// mixedFamilies adds tunnels to the other family, which the older interface does not show.
func mixedFamilies(r *rig, st spec.State, v4, v6 spec.ServiceKey) {
	tun := spec.Dest{Weight: 1, Forward: spec.Tun}
	gue := spec.Dest{Weight: 1, Forward: spec.Tun, Tunnel: spec.Tunnel{Type: spec.GUE, Port: 6080}}
	a, b := dest(v4, "[2001:db8::99]:80"), dest(v6, "192.0.2.99:80")
	r.do(Add(a, tun), Add(b, gue))
	for key, want := range map[spec.DestKey]spec.Dest{a: tun, b: gue} {
		if got, ok := r.last.Dests.Find(key); !ok || got.Value != want {
			r.Errorf("%s: observed %v, %v; want %v", key, got.Value, ok, want)
		}
	}
	r.do(Edit(a, gue), Remove(b))
	r.do(Remove(a))
	if d := Diff(owned(st), owned(r.last)); d != "" {
		r.Errorf("after the tunnels to the other family are gone (-want +observed):\n%s", d)
	}
}

// ownAddress adds a real server that is the director itself: it must read back as it was asked for, or a plan would never be empty.
func ownAddress(r *rig, k spec.ServiceKey) {
	for i, f := range []spec.Forward{spec.NAT, spec.DR, spec.Tun, spec.Local} {
		key, want := dest(k, fmt.Sprintf("127.0.0.%d:80", i+1)), spec.Dest{Weight: 1, Forward: f}
		r.do(Add(key, want))
		if got, _ := r.last.Dests.Find(key); got.Value != want {
			r.Errorf("own address by %s: observed %v, want %v", f, got.Value, want)
		}
	}
}

func trashPart(r *rig) {
	k := tcp("192.0.2.1:80")
	st := state(map[spec.ServiceKey]spec.Service{k: {Scheduler: "rr"}})
	for range 3 {
		r.hold(st)
		r.hold(spec.State{Services: st.Services}) // the real servers go to the trash, and come back from it
	}
	r.hold(st)
	r.hold(spec.State{}) // with their service too
	r.hold(st)
	other := owned(st)
	other.Dests = append(spec.Rows[spec.DestKey, spec.Dest]{}, st.Dests...)
	for i := range other.Dests {
		other.Dests[i].Value = spec.Dest{Weight: 9, Forward: spec.Tun, Tunnel: spec.Tunnel{Type: spec.GUE, Port: 6080}}
	}
	r.hold(other)
	r.hold(spec.State{Services: st.Services})
	r.hold(st) // what comes back from the trash has nothing of its former tunnel
}

func batchesPart(r *rig) {
	const n = 3000
	k := tcp("192.0.2.1:80")
	changes := []spec.Change{Add(k, spec.Service{Scheduler: "wlc"})}
	var bad []int
	for i := range n {
		key := spec.DestKey{Service: k, Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}), 80)}
		d := spec.Dest{Weight: int32(i), Forward: spec.DR}
		if i%7 == 3 {
			d.Weight = -1
			bad = append(bad, len(changes))
		}
		changes = append(changes, Add(key, d))
	}
	r.failsAt(changes, bad)
	for i := range changes {
		changes[i].Action = spec.Edit
	}
	r.failsAt(changes, bad)
	if got := len(r.last.Dests); got != n-len(bad) {
		r.Errorf("%d real servers, want %d", got, n-len(bad))
	}
	remove := changes[1:]
	for i := range remove {
		remove[i] = Remove(remove[i].Key)
	}
	for i := range bad {
		bad[i]-- // they were never there
	}
	r.failsAt(remove, bad)
	if got := len(r.last.Dests); got != 0 {
		r.Errorf("%d real servers are left", got)
	}
}

// failsAt applies changes of which exactly those at the given places fail.
func (r *rig) failsAt(changes []spec.Change, bad []int) {
	r.Helper()
	want := map[int]bool{}
	for _, i := range bad {
		want[i] = true
	}
	for i, err := range r.apply(changes...) {
		if (err != nil) != want[i] {
			r.Fatalf("change %d, %s: error %v, want one: %v", i, changes[i].Key, err, want[i])
		}
	}
}
