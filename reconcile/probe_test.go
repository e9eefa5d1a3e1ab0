package reconcile_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

var probed = spec.ServiceKey{Family: spec.IPv4, Proto: spec.TCP, Addr: netip.MustParseAddrPort("192.0.2.1:80")}

// vital is the state of the instance web, and its masters.
func vital(state spec.VRRPState, masters ...string) spec.Vitals {
	return spec.Vitals{Instances: map[string]spec.Vital{"web": {State: state, Masters: masters}}}
}

func connections(n int) spec.Vitals {
	return spec.Vitals{Connections: map[spec.ServiceKey]int{probed: n}}
}

func quorum(held bool) spec.Vitals {
	return spec.Vitals{Quorums: map[spec.ServiceKey]bool{probed: held}}
}

func braked(objects ...string) spec.Vitals {
	v := spec.Vitals{Brakes: map[string]string{}}
	for _, o := range objects {
		v.Brakes[o] = "7 fail"
	}
	return v
}

func coverage(percent float64) spec.Vitals {
	return spec.Vitals{Coverage: map[string]float64{"lb2": percent}}
}

func missing(objects ...string) (v spec.Vitals) {
	for _, o := range objects {
		v.Missing = append(v.Missing, spec.Failure{Object: spec.Object{Kind: spec.KindService, Key: o}, Error: "no " + o})
	}
	return v
}

func TestJudge(t *testing.T) {
	for _, tc := range []struct {
		name        string
		before, now spec.Vitals
		want        string
	}{
		{"nothing to tell", spec.Vitals{}, spec.Vitals{}, ""},
		{"a change failed", spec.Vitals{}, missing("a"), "applied: no a"},
		{"it failed before", missing("a"), missing("a"), ""},
		{"another one failed before", missing("a"), missing("a", "b"), "applied: no b"},
		{"the role moved", vital(spec.VRRPMaster, "lb1"), vital(spec.VRRPBackup, "lb2"), ""},
		{"two masters", vital(spec.VRRPMaster, "lb1"), vital(spec.VRRPMaster, "lb1", "lb2"), "one master web: master, master: lb1 and lb2 (before: master, master: lb1)"},
		{"two masters before", vital(spec.VRRPMaster, "lb1", "lb2"), vital(spec.VRRPMaster, "lb1", "lb2"), ""},
		{"the master is lost", vital(spec.VRRPBackup, "lb2"), vital(spec.VRRPBackup), "one master web: backup, master: none (before: backup, master: lb2)"},
		{"there was none before", vital(spec.VRRPBackup), vital(spec.VRRPBackup), ""},
		{"a new instance has none yet", spec.Vitals{}, vital(spec.VRRPBackup), ""},
		{"a new instance with two", spec.Vitals{}, vital(spec.VRRPMaster, "lb1", "lb2"), "one master web: master, master: lb1 and lb2"},
		{"a fault", vital(spec.VRRPBackup, "lb2"), vital(spec.VRRPFault, "lb2"), "one master web: fault, master: lb2 (before: backup, master: lb2)"},
		{"a fault before", vital(spec.VRRPFault, "lb2"), vital(spec.VRRPFault, "lb2"), ""},
		{"the instance was taken away", vital(spec.VRRPMaster, "lb1"), spec.Vitals{}, ""},
		{"connections collapsed", connections(1000), connections(499), "connections tcp 192.0.2.1:80: 499, less than 50 % (before: 1000)"},
		{"half of them is enough", connections(1000), connections(500), ""},
		{"too few to tell", connections(19), connections(0), ""},
		{"the service was taken away", connections(1000), spec.Vitals{}, ""},
		{"a quorum is lost", quorum(true), quorum(false), "quorum tcp 192.0.2.1:80: lost: lbsync get checks says what fails (before: held)"},
		{"it was lost before", quorum(false), quorum(false), ""},
		{"it is not checked any more", quorum(true), spec.Vitals{}, ""},
		{"a new service has none yet", spec.Vitals{}, quorum(false), ""},
		{"the brake came on", quorum(true), braked("", "x"), "brake: 7 fail"},
		{"it was on before", braked("", "x"), braked("", "x"), ""},
		{"that of a service came on", quorum(true), braked(probed.String()), "brake tcp 192.0.2.1:80: 7 fail"},
		{"that of another service", spec.Vitals{}, braked(probed.String()), ""},
		{"a backup lacks connections", coverage(100), coverage(98), "coverage lb2: 98.00 % of the connections, less than 99 %"},
		{"it lacked them before", coverage(98), coverage(97), ""},
		{"it is new", spec.Vitals{}, coverage(0), "coverage lb2: 0.00 % of the connections, less than 99 %"},
		{"a director fell silent", spec.Vitals{Peers: map[string]bool{"lb2": true}}, spec.Vitals{Peers: map[string]bool{"lb2": false}}, "peer lb2: does not answer (before: answers)"},
		{"it was silent before", spec.Vitals{Peers: map[string]bool{"lb2": false}}, spec.Vitals{Peers: map[string]bool{"lb2": false}}, ""},
		{"it is declared no more", spec.Vitals{Peers: map[string]bool{"lb2": true}}, spec.Vitals{}, ""},
		{"git is cut off", spec.Vitals{Source: true}, spec.Vitals{}, "git: does not answer (before: answers)"},
		{"git was down before", spec.Vitals{}, spec.Vitals{}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, u := range reconcile.Judge(tc.before, tc.now, spec.Confirm{Connections: 50, Coverage: 99}) {
				got = append(got, u.String())
			}
			if d := cmp.Diff(tc.want, strings.Join(got, "\n")); d != "" {
				t.Error(d)
			}
		})
	}
}

// Of two commits in one trial the second excuses nothing that the first did.
func TestBaseline(t *testing.T) {
	for name, tc := range map[string]struct{ first, second, now, want string }{
		"lost with the first":           {"80 held", "80 lost", "80 lost", "80"},
		"held again before the second":  {"80 lost", "80 held", "80 lost", "80"},
		"never held":                    {"80 lost", "80 lost", "80 lost", ""},
		"of the second alone":           {"80 held", "90 held", "90 lost", "90"},
		"of the first alone":            {"80 held", "90 held", "80 lost", "80"},
		"new with the first, lost then": {"80 held", "90 lost", "90 lost", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, u := range reconcile.Judge(reconcile.Baseline(quorumOf(t, tc.first), quorumOf(t, tc.second)), quorumOf(t, tc.now), spec.Confirm{}) {
				_, port, _ := strings.Cut(u.Object, "192.0.2.1:")
				got = append(got, port)
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("unmet: %q, want %q", got, tc.want)
			}
		})
	}
	fault := vital(spec.VRRPFault)
	if got := reconcile.Judge(reconcile.Baseline(spec.Vitals{}, fault), fault, spec.Confirm{}); len(got) != 1 {
		t.Errorf("an instance that the first commit brought into fault: %v", got)
	}
	other := spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.1:90"))
	more := spec.Vitals{Connections: map[spec.ServiceKey]int{probed: 5, other: 7}}
	if d := cmp.Diff(map[spec.ServiceKey]int{probed: 1000, other: 7}, reconcile.Baseline(connections(1000), more).Connections); d != "" {
		t.Error(d)
	}
}

// quorumOf is that of a service by its port: "80 held" or "80 lost".
func quorumOf(t *testing.T, text string) spec.Vitals {
	t.Helper()
	port, state, _ := strings.Cut(text, " ")
	k := spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.1:"+port))
	return spec.Vitals{Quorums: map[spec.ServiceKey]bool{k: state == "held"}}
}

// Several clusters of one director: what each asks, and the strictest of that.
func TestConfirmOf(t *testing.T) {
	v := spec.View{Clusters: []spec.Cluster{
		{Confirm: spec.Confirm{Timeout: time.Second, Connections: 50}},
		{Confirm: spec.Confirm{Timeout: 3 * time.Second, Coverage: 99}},
	}}
	if d := cmp.Diff(spec.Confirm{Timeout: 3 * time.Second, Connections: 50, Coverage: 99}, reconcile.ConfirmOf(v)); d != "" {
		t.Error(d)
	}
}

func TestStrangers(t *testing.T) {
	addr := netip.MustParseAddr
	heard := []spec.SyncSpeaker{{Addr: addr("192.0.2.11")}, {Addr: addr("192.0.2.12")}, {Addr: addr("192.0.2.99")}}
	got := reconcile.Strangers(heard, []spec.PeerReport{{Sources: []netip.Addr{addr("192.0.2.11")}}, {Sources: []netip.Addr{addr("10.0.0.1"), addr("192.0.2.12")}}})
	if len(got) != 1 || got[0].Addr != addr("192.0.2.99") {
		t.Errorf("%v", got)
	}
}

// What is wanted is rendered anew when, and only when, the facts say something that it depends on.
func TestBasis(t *testing.T) {
	v := company("lb1", proceeding(time.Minute))
	const first = "lb1 roles=web:backup receiver=r1 daemons=11/11\nlb2 roles=web:master daemons=11/11 covers=lb1:r1/9/10/1"
	basis := func(text string) string { return reconcile.Basis(v, factsOf(t, "lb1", text)) }
	for name, text := range map[string]string{
		"a role":                       strings.Replace(first, "backup", "master", 1),
		"the own daemons":              strings.Replace(first, "11/11", "11/0", 1),
		"those of another":             strings.Replace(first, "daemons=11/11 covers", "daemons=12/11 covers", 1),
		"another's role":               strings.Replace(first, "web:master", "web:backup", 1),
		"what the master has sent":     strings.Replace(first, "r1/9/10/1", "r1/10/10/1", 1),
		"silence":                      first + " silent=4s",
		"silence that is not awaited":  first + " silent=61s",
		"a release":                    first + "\nreleased=b",
		"a stranger":                   first + "\nstranger=192.0.2.99",
		"a director that nobody asked": first + "\nlb3 unheard",
	} {
		if basis(text) == basis(first) {
			t.Errorf("%s changes nothing", name)
		}
	}
	if basis(first+" silent=4s") == basis(first+" silent=61s") {
		t.Error("the end of the wait changes nothing")
	}
	for name, text := range map[string]string{"a commit": first + " commit=b", "a wish": first + " wishes=b/0/7", "how long it is silent": first + " silent=5s"} {
		want := basis(first)
		if strings.Contains(text, "silent") {
			want = basis(first + " silent=4s")
		}
		if basis(text) != want {
			t.Errorf("%s renders all anew", name)
		}
	}
}

func TestKnown(t *testing.T) {
	for text, want := range map[string]bool{"": false, "lb2": true, "lb2 silent=1h": true, "lb2\nlb3 unheard": false} {
		if got := reconcile.Known(factsOf(t, "lb1", text).Peers); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
