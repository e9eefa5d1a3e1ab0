package reconcile_test

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// clock is the Now of facts that are written as text.
var clock = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// commitID is the object name of a commit that a test calls by a letter.
func commitID(letter string) string {
	if letter == "" {
		return ""
	}
	return strings.Repeat(letter, 40)
}

// company is the cluster "c" of lb1, lb2 and lb3 as one of them sees it: the instance web has the service 192.0.2.1:80, db has
// 192.0.2.2:80, and both daemons of connection sync run with syncid 12.
func company(self string, edit func(*spec.Cluster)) spec.View {
	c := spec.Cluster{
		Name: "c", Directors: []string{"lb1", "lb2", "lb3"}, Confirm: spec.Confirm{Timeout: time.Second},
		Sync: &spec.ConnectionSync{SyncID: all(uint8(12)), Interface: all("eth1")},
	}
	for i, name := range []string{"web", "db"} {
		addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)})
		c.Instances = append(c.Instances, spec.Placed[spec.VRRPInstance]{Def: &spec.VRRPInstance{
			Name: name, Addresses: []spec.VirtualAddress{{Prefix: netip.PrefixFrom(addr, 32)}}, Interface: all("eth0"), Priority: all(uint8(100)), Preempt: true}})
		c.VirtualServers = append(c.VirtualServers, spec.Placed[spec.VirtualServer]{Def: &spec.VirtualServer{
			Addresses: []netip.Addr{addr}, Ports: []uint16{80}, Protocol: spec.TCP, Service: spec.Service{Scheduler: "wrr"}, RealServers: []spec.RealServer{server("192.0.2.21", 5, 0)}}})
	}
	if edit != nil {
		edit(&c)
	}
	return spec.View{Director: spec.Placed[spec.Director]{Def: &spec.Director{Name: self}}, Clusters: []spec.Cluster{c}}
}

// factsOf reads facts. A line is a director and what it says:
//
//	lb1 roles=web:master receiver=r1 daemons=12/0     the director itself: its roles, and the syncids of its daemons, master/backup
//	lb2 commit=b confirmed=b settled heard=lb1:7      a report
//	lb3 commit=a silent=90s                           the same, of one that does not answer since then
//	lb3 unheard                                       one that nobody asked yet
//	released=b                                        the operator said to proceed
//	stranger=192.0.2.99                               a sync master from outside the cluster
func factsOf(t *testing.T, self, text string) spec.Facts {
	t.Helper()
	f := spec.Facts{Now: clock, Roles: map[string]spec.Role{}, Peers: map[string]spec.PeerFact{}}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if name, value, set := strings.Cut(words[0], "="); set {
			switch name {
			case "released":
				f.Released = commitID(value)
			case "stranger":
				f.Strangers = append(f.Strangers, spec.SyncSpeaker{Addr: netip.MustParseAddr(value)})
			}
			continue
		}
		r := &spec.PeerReport{Director: words[0], Program: "9", Heard: map[string]uint64{}, Coverage: map[string]spec.Coverage{}, Rendering: map[string]spec.Digest{"c": {1}}, SyncIDs: map[string]uint8{"c": 12}}
		p := spec.PeerFact{Report: r, Heard: clock}
		for _, w := range words[1:] {
			say(t, w, r, &p)
		}
		if words[0] == self {
			f.Roles, f.Receiver, f.Daemons = r.Roles, r.Receiver, r.Daemons
		} else {
			f.Peers[words[0]] = p
		}
	}
	return f
}

// say puts one word into a report.
func say(t *testing.T, word string, r *spec.PeerReport, p *spec.PeerFact) {
	t.Helper()
	name, value, _ := strings.Cut(word, "=")
	first, second, _ := strings.Cut(value, ":")
	switch name {
	case "commit":
		r.Commit = commitID(value)
	case "confirmed":
		r.Confirmed = commitID(value)
	case "settled":
		r.Settled = true
	case "unproven":
		r.Unproven = true
	case "stays":
		r.Stays = value
	case "rendering":
		r.Rendering["c"] = spec.Digest{byte(number(t, value))}
	case "waiting":
		r.Waiting = append(r.Waiting, spec.InstanceKey(value))
	case "roles":
		r.Roles = rolesOf(t, value)
	case "wishes", "taken": // COMMIT/RANK/SERIAL
		parts := strings.Split(value, "/")
		r.Turn = spec.Turn{Commit: commitID(parts[0]), Rank: number(t, parts[1]), Serial: uint64(number(t, parts[2])), Taken: name == "taken"}
	case "heard":
		r.Heard[first] = uint64(number(t, second))
	case "daemons":
		r.Daemons = daemonRows(t, value)
	case "wants":
		r.SyncIDs["c"] = uint8(number(t, value))
	case "receiver":
		r.Receiver = value
	case "covers": // DIRECTOR:RECEIVER/KNOWN/SAMPLED/TRIES
		parts := strings.Split(second, "/")
		r.Coverage[first] = spec.Coverage{Receiver: parts[0], Known: number(t, parts[1]), Sampled: number(t, parts[2]), Tries: number(t, parts[3])}
	case "silent":
		d, err := time.ParseDuration(value)
		if err != nil {
			t.Fatal(err)
		}
		p.Silent, p.Why = clock.Add(-d), "connection refused"
	case "unheard":
		p.Report = nil
	default:
		t.Fatalf("no word %q", word)
	}
}

func rolesOf(t *testing.T, text string) map[string]spec.Role {
	t.Helper()
	out := map[string]spec.Role{}
	for _, one := range strings.Split(text, ",") {
		name, role, _ := strings.Cut(one, ":")
		out[name] = map[string]spec.Role{"master": spec.RoleMaster, "backup": spec.RoleBackup}[role]
	}
	return out
}

// daemonRows reads "11/0": the syncids of the daemons of master and backup; "-" is one that does not run.
func daemonRows(t *testing.T, text string) (out spec.Rows[spec.Role, spec.Daemon]) {
	t.Helper()
	d, _ := company("lb1", nil).Clusters[0].Sync.Daemon("lb1")
	for i, id := range strings.Split(text, "/") {
		if id != "-" {
			d.SyncID = uint8(number(t, id))
			out = append(out, spec.Row[spec.Role, spec.Daemon]{Key: spec.RoleMaster + spec.Role(i), Value: d})
		}
	}
	return out
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// gateOf is the gate's input of a director for commit b. Its own wish stands in its line of the facts.
func gateOf(t *testing.T, self, facts string, edit func(*spec.Cluster)) reconcile.GateInput {
	t.Helper()
	in := reconcile.GateInput{View: company(self, edit), Commit: commitID("b"), Rendering: map[string]spec.Digest{"c": {1}}, Facts: factsOf(t, self, facts)}
	for line := range strings.Lines(facts) {
		if words := strings.Fields(line); len(words) > 0 && words[0] == self {
			var r spec.PeerReport
			for _, w := range words[1:] {
				if strings.HasPrefix(w, "wishes=") || strings.HasPrefix(w, "taken=") {
					say(t, w, &r, &spec.PeerFact{})
				}
			}
			in.Turn = r.Turn
		}
	}
	return in
}
