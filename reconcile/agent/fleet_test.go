package agent

import (
	"io/fs"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/spec"
)

// loadText reads a fleet of lines: "80 wrr 21=3 22=1" is a service of 192.0.2.1 with its real servers and weights; "# …" moves what
// follows down a line; "sysctl KEY VALUE" holds one; "warn" has drift of real servers only reported; "vrrp NAME PRIORITY…" is an instance of lb1, lb2, …, "group NAME…" groups
// instances, "sync ID" is connection sync in mode both, "follow NAME [ID]" is connection sync that follows one, with syncid 7 if none is given; "confirm TIME" is how long a commit is on trial; "error", "deny" and "others" are a fleet with an error, one that policies deny, and one without lb1. "uses PORT" is
// denied where lb1 is known not to have the interface.
func loadText(fsys fs.FS) (*spec.Fleet, hcl.Diagnostics) {
	text, err := fs.ReadFile(fsys, "fleet")
	if err != nil {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: err.Error()}}
	}
	director, sysctls, like := "lb1", []spec.Sysctl(nil), spec.VirtualServer{}
	c := spec.Cluster{Name: "c", Directors: []string{"lb1", "lb2"}, Drift: spec.DriftRules{MostAnHour: flapsAfter}}
	for n, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case words[0] == "error":
			return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Bad weight", Detail: "Write 0 to 65535.",
				Subject: &hcl.Range{Filename: "fleet", Start: hcl.Pos{Line: n + 1, Column: 1}}}}
		case words[0] == "deny":
			c.Name = "denied"
		case words[0] == "uses":
			c.Name = words[0] + " " + words[1]
		case words[0] == "others":
			director = "lb2"
		case words[0] == "confirm":
			c.Confirm.Timeout, _ = time.ParseDuration(words[1])
			c.Confirm.Connections = 30
		case words[0] == "brake":
			c.Brake = brakeOf(words[1])
		case words[0] == "warn":
			c.Drift.RealServers = spec.DriftWarn
		case words[0] == "sysctl":
			sysctls = append(sysctls, spec.Sysctl{Key: spec.SysctlKey(words[1]), Value: spec.Setting(words[2])})
		case words[0] == "vrrp":
			c.Instances = append(c.Instances, spec.Placed[spec.VRRPInstance]{Def: instance(words), Place: spec.Place{File: "fleet", Base: uint32(n)}})
		case words[0] == "group":
			c.SyncGroups = append(c.SyncGroups, spec.VRRPSyncGroup{Name: "g", Instances: words[1:]})
		case words[0] == "sync":
			syncid, iface := uint8(number(words[1])), "eth1"
			c.Sync = &spec.ConnectionSync{SyncID: spec.PerDirector[uint8]{All: &syncid}, Interface: spec.PerDirector[string]{All: &iface}}
		case words[0] == "follow":
			syncid, iface := uint8(7), "eth1"
			if len(words) > 2 {
				syncid = uint8(number(words[2]))
			}
			c.Sync = &spec.ConnectionSync{SyncID: spec.PerDirector[uint8]{All: &syncid}, Interface: spec.PerDirector[string]{All: &iface}, Mode: spec.SyncFollow, Follow: words[1]}
		case words[0] == "pool":
			like = poolOf(words[1:])
		default:
			c.VirtualServers = append(c.VirtualServers, spec.Placed[spec.VirtualServer]{Def: virtualServer(like, words), Place: spec.Place{File: "fleet", Base: uint32(n)}})
		}
	}
	d := spec.Placed[spec.Director]{Def: &spec.Director{Name: director, Sysctls: sysctls}}
	return &spec.Fleet{Directors: []spec.Placed[spec.Director]{d}, Clusters: []spec.Cluster{c}}, nil
}

func instance(words []string) *spec.VRRPInstance {
	iface := "eth0"
	in := &spec.VRRPInstance{
		Name: words[1], Interface: spec.PerDirector[string]{All: &iface}, VirtualRouterID: 79, Version: 3, Family: spec.IPv4, AdvertInterval: time.Second, DownTimerAdverts: 3, Group: netip.MustParseAddr("224.0.0.18"), TTLMin: 255, TTLMax: 255,
		Priority: spec.PerDirector[uint8]{By: map[string]uint8{}}, Addresses: []spec.VirtualAddress{{Prefix: netip.MustParsePrefix("192.0.2.1/32"), Scope: "global"}},
	}
	for i, p := range words[2:] {
		in.Priority.By["lb"+strconv.Itoa(i+1)] = uint8(number(p))
	}
	return in
}

// brakeOf is "all=50" or "service=50".
func brakeOf(text string) (out spec.Brake) {
	name, percent, _ := strings.Cut(text, "=")
	if name == "all" {
		out.All = uint32(number(percent))
	} else {
		out.Service = uint32(number(percent))
	}
	return out
}

// poolOf is what the virtual servers that follow have besides: "checked port=81 drain=60s slow=10s"; the port is that of the check.
func poolOf(words []string) (out spec.VirtualServer) {
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		d, _ := time.ParseDuration(value)
		switch name {
		case "checked":
			out.HealthChecks = []spec.HealthCheck{{Kind: "tcp", Interval: time.Second, Timeout: time.Second, Rise: 1, Fall: 1}}
		case "port":
			out.HealthChecks[0].Settings = []spec.Attr{{Name: "port", Value: value}}
		case "pathed":
			out.HealthChecks = []spec.HealthCheck{{Kind: "tcp", Interval: time.Second, Timeout: time.Second, Rise: 1, Fall: 1, Settings: []spec.Attr{{Name: "real_path", Value: "true"}}}}
		case "drain":
			out.DrainTimeout = d
		case "slow":
			out.SlowStart = d
		default:
			panic(w)
		}
	}
	return out
}

func virtualServer(like spec.VirtualServer, words []string) *spec.VirtualServer {
	vs := &like
	vs.Name, vs.Addresses, vs.Ports = words[0], []netip.Addr{netip.MustParseAddr("192.0.2.1")}, []uint16{uint16(number(words[0]))}
	vs.Protocol, vs.Service, vs.At = spec.TCP, spec.Service{Scheduler: words[1]}, spec.Mark{Line: 1}
	for _, w := range words[2:] {
		host, weight, _ := strings.Cut(w, "=")
		addr := netip.AddrPortFrom(netip.MustParseAddr("192.0.2."+host), 0)
		vs.RealServers = append(vs.RealServers, spec.RealServer{Addr: addr, Dest: spec.Dest{Weight: int32(number(weight)), Forward: spec.DR}, At: spec.Mark{Line: 1}})
	}
	if len(vs.HealthChecks) > 0 && len(vs.HealthChecks[0].Settings) > 0 {
		vs.Paths = len(vs.RealServers)
	}
	return vs
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func checkText(in policies.Input) policies.Outcome {
	name := in.Fleet.Clusters[0].Name
	port, uses := strings.CutPrefix(name, "uses ")
	ports := in.Facts["lb1"].Ports
	if _, has := ports[port]; uses && ports != nil && !has {
		return policies.Outcome{Diags: hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "lb1 has no " + port}}}
	}
	if name == "denied" {
		return policies.Outcome{Diags: hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "shared-address: twice"}}}
	}
	return policies.Outcome{Diags: hcl.Diagnostics{{Severity: hcl.DiagWarning, Summary: "all-weights-zero: is this meant?"}}}
}

func stateOf(t testing.TB, fleet string) spec.State {
	t.Helper()
	f, diags := loadText(fstest.MapFS{"fleet": {Data: []byte(fleet)}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var s spec.State
	for _, vs := range f.Clusters[0].VirtualServers {
		for _, k := range vs.Def.Keys() {
			s.Services = append(s.Services, spec.Row[spec.ServiceKey, spec.Service]{Key: k, Value: vs.Def.Service})
			for _, rs := range vs.Def.RealServers {
				s.Dests = append(s.Dests, spec.Row[spec.DestKey, spec.Dest]{Key: rs.Key(k), Value: rs.Dest})
			}
		}
	}
	s.Services.Sort()
	s.Dests.Sort()
	return s
}
