package world

import (
	"net/netip"
	"slices"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

var (
	epoch     = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	instances = []string{"web", "db"}
)

// commit is what the fleet says at one point of the branch.
type commit struct {
	web, db int8
	syncid  uint8
	bad     uint8 // directors whose probes it fails
}

func newDecider(n int, commits []commit, m mutant) *decider {
	d := &decider{n: n, mutant: m, known: map[question]node{}}
	for _, c := range commits {
		var views []spec.View
		for i := range n {
			views = append(views, viewOf(n, i, c))
		}
		d.renderings = append(d.renderings, reconcile.RenderingOf(views[0]))
		d.views, d.bad = append(d.views, views), append(d.bad, c.bad)
	}
	return d
}

func all[T any](v T) spec.PerDirector[T] { return spec.PerDirector[T]{All: &v} }

func viewOf(n, self int, c commit) spec.View {
	cluster := spec.Cluster{Name: "c", Confirm: spec.Confirm{Timeout: time.Second}, Sync: &spec.ConnectionSync{SyncID: all(c.syncid), Interface: all("eth1")}}
	for i := range n {
		cluster.Directors = append(cluster.Directors, name(i))
	}
	for i, weight := range []int8{c.web, c.db} {
		cluster.Instances = append(cluster.Instances, spec.Placed[spec.VRRPInstance]{Def: &spec.VRRPInstance{Name: instances[i], Interface: all("eth0"), Priority: all(uint8(100)),
			Addresses: []spec.VirtualAddress{{Prefix: netip.PrefixFrom(address(i), 32)}}}})
		cluster.VirtualServers = append(cluster.VirtualServers, spec.Placed[spec.VirtualServer]{Def: &spec.VirtualServer{Addresses: []netip.Addr{address(i)}, Ports: []uint16{80},
			Protocol: spec.TCP, Service: spec.Service{Scheduler: "wrr"}, RealServers: []spec.RealServer{{Addr: real, Dest: spec.Dest{Weight: int32(weight)}}}}})
	}
	return spec.View{Director: spec.Placed[spec.Director]{Def: &spec.Director{Name: name(self)}}, Clusters: []spec.Cluster{cluster}}
}

var real = netip.MustParseAddrPort("192.0.2.99:80")

func address(instance int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(instance + 1)}) }

func serviceKey(instance int) spec.ServiceKey {
	return spec.ServiceKey{Family: spec.IPv4, Proto: spec.TCP, Addr: netip.AddrPortFrom(address(instance), 80)}
}

// state is a kernel in the words of spec.
func (k kernel) state() spec.State {
	s := spec.State{Daemons: daemons(k.ids)}
	for i, w := range k.weight {
		if w >= 0 {
			s.Services = append(s.Services, spec.Row[spec.ServiceKey, spec.Service]{Key: serviceKey(i), Value: spec.Service{Scheduler: "wrr"}})
			s.Dests = append(s.Dests, spec.Row[spec.DestKey, spec.Dest]{Key: spec.DestKey{Service: serviceKey(i), Addr: real}, Value: spec.Dest{Weight: int32(w)}})
		}
	}
	s.Services.Sort()
	s.Dests.Sort()
	return s
}

func kernelOf(s spec.State) kernel {
	k := empty
	for i := range k.weight {
		if row, ok := s.Dests.Find(spec.DestKey{Service: serviceKey(i), Addr: real}); ok {
			k.weight[i] = int8(row.Value.Weight)
		}
	}
	for _, r := range s.Daemons {
		k.ids[r.Key-spec.RoleMaster] = r.Value.SyncID
	}
	return k
}

func daemons(ids [2]uint8) (out spec.Rows[spec.Role, spec.Daemon]) {
	for i, id := range ids {
		if id != stopped {
			out = append(out, spec.Row[spec.Role, spec.Daemon]{Key: spec.RoleMaster + spec.Role(i), Value: spec.Daemon{SyncID: id, Interface: "eth1"}})
		}
	}
	return out
}

func roles(master uint8) map[string]spec.Role {
	out := map[string]spec.Role{}
	for i, name := range instances {
		out[name] = spec.RoleBackup
		if master&(1<<i) != 0 {
			out[name] = spec.RoleMaster
		}
	}
	return out
}

func bits(waiting []spec.InstanceKey) (out uint8) {
	for i, name := range instances {
		if slices.Contains(waiting, spec.InstanceKey(name)) {
			out |= 1 << i
		}
	}
	return out
}

func instancesOf(b uint8) (out []spec.InstanceKey) {
	for i, name := range instances {
		if b&(1<<i) != 0 {
			out = append(out, spec.InstanceKey(name))
		}
	}
	return out
}

// mutant is a decision that is made wrongly: the world hands it other facts, or forgets something around it. The zero mutant is none.
type mutant struct {
	want    func(*spec.Facts)
	gate    func(*reconcile.GateInput)
	grabs   bool // whoever begins anything takes the turn
	forgets bool // the intent says nothing of the trial
	cuts    bool // a commit that changes nothing more ends the trial of the one before
	goesOn  bool // what is left of a commit goes on while a newer one waits
}
