package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// changes of a commit by name: the real server of each instance's service, a sysctl and a timeout that belong to none, and sync daemons.
func changeNamed(name string) spec.Change {
	v := company("lb1", nil)
	daemon, _ := v.Clusters[0].Sync.Daemon("lb1")
	older := daemon
	older.SyncID = 11
	port := daemon
	port.Port = 8849
	dest := func(i int) spec.Change {
		vs := v.Clusters[0].VirtualServers[i].Def
		k := vs.RealServers[0].Key(vs.Keys()[0])
		return spec.Change{Key: k, Action: spec.Edit, Before: spec.Dest{Weight: 1}, After: spec.Dest{Weight: 5}}
	}
	return map[string]spec.Change{
		"web":    dest(0),
		"db":     dest(1),
		"sysctl": {Key: spec.SysctlKey("net.ipv4.vs.drop_entry"), Action: spec.Edit, Before: spec.Setting("0"), After: spec.Setting("1")},
		"vrrp":   {Key: spec.InstanceKey("web"), Action: spec.Edit, Before: spec.Instance{}, After: spec.Instance{Priority: 1}},
		"addr":   {Key: spec.AddressKey{Instance: "web"}, Action: spec.Add, After: spec.Address{}},
		"syncid": {Key: spec.RoleBackup, Action: spec.Edit, Before: older, After: daemon},
		"port":   {Key: spec.RoleBackup, Action: spec.Edit, Before: port, After: daemon},
		"drift":  {Key: dest(0).Key, Action: spec.Edit, Before: spec.Dest{Weight: 9}, After: spec.Dest{Weight: 5}, Reason: spec.ByDrift},
	}[name]
}

// gated runs the gate over one change of each name and prints what becomes of it: "NAME now", or "NAME: why it waits".
func gated(in reconcile.GateInput, names ...string) string {
	var b strings.Builder
	for _, name := range names {
		c := changeNamed(name)
		if c.Reason != spec.ByDrift {
			c.Reason = spec.ByCommit
		}
		g := reconcile.Gate(spec.Plan{Steps: []spec.Step{{Phase: spec.PhaseEdit, Changes: []spec.Change{c}}}}, in)
		if g.Plan.Changes() == 1 {
			fmt.Fprintf(&b, "%s now\n", name)
			continue
		}
		fmt.Fprintf(&b, "%s: %s", name, g.Plan.Held[0].Why)
		if until := g.Plan.Held[0].Until; !until.IsZero() {
			fmt.Fprintf(&b, ", for %v", until.Sub(in.Facts.Now))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// ready are the others where nothing is in the way of lb1, master of web, with commit b.
const ready = `
lb1 roles=web:master,db:backup wishes=b/1/7
lb2 roles=web:backup,db:backup commit=b confirmed=b settled heard=lb1:7
lb3 roles=web:backup,db:backup commit=b confirmed=b settled heard=lb1:7
`

// without is ready with another line of lb3.
func without(lb3 string) string {
	return strings.Join(strings.Split(ready, "\n")[:3], "\n") + "\n" + lb3
}

func proceeding(after time.Duration) func(*spec.Cluster) {
	return func(c *spec.Cluster) { c.Rollout = spec.Rollout{PeerTimeout: after, ProceedSilent: true} }
}

func TestGate(t *testing.T) {
	for _, tc := range []struct {
		name, self, facts string
		edit              func(*spec.Cluster)
		changes           string
		want              string
	}{
		{"everybody confirmed this commit", "lb1", ready, nil, "web sysctl vrrp addr port", "web now\nsysctl now\nvrrp now\naddr now\nport now\n"},
		{"nobody is there to ask", "lb1", "lb1 roles=web:master", nil, "web sysctl", "web now\nsysctl now\n"},
		{"drift and a syncid alone wait for nobody", "lb1", without("lb3 unheard"), nil, "web drift syncid", "web: lb3 has not been heard yet\ndrift now\nsyncid now\n"},
		{"the other one holds the commit before", "lb1", without("lb3 commit=a confirmed=a settled heard=lb1:7"), nil, "web sysctl port addr vrrp",
			"web: lb3 holds aaaaaaa\nsysctl: lb3 holds aaaaaaa\nport: lb3 holds aaaaaaa\naddr: lb3 holds aaaaaaa\nvrrp: lb3 holds aaaaaaa\n"},
		{"a backup asks nobody for evidence", "lb1", without("lb3 commit=a confirmed=a settled heard=lb1:7"), nil, "db", "db now\n"},
		{"the other one holds a newer commit", "lb1", without("lb3 commit=c confirmed=c settled heard=lb1:7"), nil, "web", "web: lb3 holds ccccccc\n"},
		{"the other one stays where it is", "lb1", without("lb3 commit=a stays=pinned heard=lb1:7"), nil, "web", "web: lb3 holds aaaaaaa: pinned\n"},
		{"the other one holds nothing", "lb1", without("lb3 heard=lb1:7"), nil, "web", "web: lb3 holds no commit yet\n"},
		{"it makes something else of the commit", "lb1", without("lb3 commit=b confirmed=b settled rendering=2 heard=lb1:7"), nil, "web", "web: lb3 makes something else of this commit: it runs lbsync 9\n"},
		{"it is applying", "lb1", without("lb3 commit=b heard=lb1:7"), nil, "web", "web: lb3 is still applying it\n"},
		{"it is on trial", "lb1", without("lb3 commit=b settled unproven heard=lb1:7"), nil, "web", "web: lb3 has applied it, its probes are still awaited\n"},
		{"it confirmed an earlier one", "lb1", without("lb3 commit=b settled confirmed=a heard=lb1:7"), nil, "web", "web: lb3 has applied it, its probes are still awaited\n"},
		{"two masters wait for each other", "lb1", without("lb3 roles=web:master commit=b confirmed=b settled waiting=web heard=lb1:7"), nil, "web",
			"web: lb3 waits too: it is master of web as well\n"},
		{"it waits for another instance", "lb1", without("lb3 commit=b confirmed=b settled waiting=db heard=lb1:7"), nil, "web", "web now\n"},
		{"it does not answer", "lb1", without("lb3 commit=b confirmed=b settled silent=90s heard=lb1:7"), nil, "web", "web: lb3 does not answer (connection refused)\n"},
		{"it does not answer, for a time", "lb1", without("lb3 commit=a silent=90s"), proceeding(2 * time.Minute), "web", "web: lb3 does not answer (connection refused), for 30s\n"},
		{"its time is over", "lb1", without("lb3 commit=a silent=90s"), proceeding(time.Minute), "web", "web now\n"},
		{"its time is over, and the fleet says to hold", "lb1", without("lb3 commit=a silent=90s"), func(c *spec.Cluster) { c.Rollout.PeerTimeout = time.Minute }, "web",
			"web: lb3 does not answer (connection refused)\n"},
		{"an operator said to proceed", "lb1", without("lb3 commit=a silent=90s\nreleased=b"), nil, "web", "web now\n"},
		{"to proceed is not to pass over one that answers", "lb1", without("lb3 commit=a heard=lb1:7\nreleased=b"), nil, "web", "web: lb3 holds aaaaaaa\n"},
		{"nor one that was never heard", "lb1", without("lb3 unheard\nreleased=b"), nil, "web", "web: lb3 has not been heard yet\n"},
		{"it is another director's turn", "lb1", without("lb3 commit=b confirmed=b settled heard=lb1:7 taken=c/0/9"), nil, "web db", "web: lb3 applies ccccccc first\ndb: lb3 applies ccccccc first\n"},
		{"its own turn goes on", "lb2", "lb2 taken=b/0/4\nlb1 commit=a wishes=b/1/7\nlb3 unheard", nil, "web db sysctl", "web now\ndb now\nsysctl now\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := gateOf(t, tc.self, tc.facts, tc.edit)
			if d := cmp.Diff(tc.want, gated(in, strings.Fields(tc.changes)...)); d != "" {
				t.Error(d)
			}
		})
	}
}

// An active/active pair applies what both are backup of, and then what both wait for.
func TestGateOfActiveActive(t *testing.T) {
	two := func(c *spec.Cluster) { c.Directors = []string{"lb1", "lb2"} }
	for _, tc := range []struct{ name, self, facts, want string }{
		{"lb1 begins with the instance it is backup of", "lb1", "lb1 roles=web:master,db:backup wishes=b/1/7\nlb2 roles=web:backup,db:master commit=a heard=lb1:7",
			"web: lb2 holds aaaaaaa\ndb now\n"},
		{"lb2 waits for its turn", "lb2", "lb2 roles=web:backup,db:master wishes=b/1/8\nlb1 roles=web:master,db:backup commit=a taken=b/1/7 heard=lb2:8",
			"web: lb1 applies bbbbbbb first\ndb: lb1 holds aaaaaaa\n"},
		{"lb2 has the evidence of lb1 for db, whose rest waits", "lb2", "lb2 roles=web:backup,db:master wishes=b/1/8\nlb1 roles=web:master,db:backup commit=b settled confirmed=b waiting=web heard=lb2:8",
			"web now\ndb now\n"},
		{"lb1 has the evidence of lb2 for web", "lb1", "lb1 roles=web:master,db:backup wishes=b/1/9\nlb2 roles=web:backup,db:master commit=b settled confirmed=b heard=lb1:9",
			"web now\ndb now\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if d := cmp.Diff(tc.want, gated(gateOf(t, tc.self, tc.facts, two), "web", "db")); d != "" {
				t.Error(d)
			}
		})
	}
}

// What belongs to no instance waits for evidence of somebody as well, but never two directors for each other.
func TestGateOfWhatBelongsToNoInstance(t *testing.T) {
	two := func(c *spec.Cluster) { c.Directors = []string{"lb1", "lb2"} }
	first := gated(gateOf(t, "lb1", "lb1 roles=web:master,db:backup wishes=b/1/7\nlb2 roles=web:backup,db:master commit=a heard=lb1:7", two), "sysctl", "port")
	second := gated(gateOf(t, "lb2", "lb2 roles=web:backup,db:master wishes=b/1/7\nlb1 roles=web:master,db:backup commit=a heard=lb2:7", two), "sysctl", "port")
	if d := cmp.Diff("sysctl now\nport now\n", first); d != "" {
		t.Errorf("lb1, whose name comes first: %s", d)
	}
	if d := cmp.Diff("sysctl: lb1 holds aaaaaaa\nport: lb1 holds aaaaaaa\n", second); d != "" {
		t.Errorf("lb2: %s", d)
	}
}

func TestGateSaysWhatWaits(t *testing.T) {
	var steps []spec.Step
	for _, name := range []string{"web", "db", "sysctl"} {
		c := changeNamed(name)
		c.Reason = spec.ByCommit
		steps = append(steps, spec.Step{Phase: spec.PhaseEdit, Changes: []spec.Change{c}})
	}
	p := spec.Plan{Steps: steps, Held: []spec.Hold{{Why: "held before"}}}
	g := reconcile.Gate(p, gateOf(t, "lb1", without("lb3 commit=a heard=lb1:7"), nil))
	if !g.Ready || !slices.Equal(g.Waiting, []spec.InstanceKey{"web"}) || g.Plan.Changes() != 1 || len(g.Plan.Held) != 3 || len(p.Held) != 1 {
		t.Errorf("ready %t, waiting %v, %d changes, held %+v", g.Ready, g.Waiting, g.Plan.Changes(), g.Plan.Held)
	}
	if g = reconcile.Gate(p, gateOf(t, "lb1", "lb1 roles=web:master,db:master\nlb2 commit=a\nlb3 commit=a", nil)); g.Ready || g.Plan.Changes() != 0 {
		t.Errorf("all waits for evidence, and yet ready %t, %d changes", g.Ready, g.Plan.Changes())
	}
}

func TestTurn(t *testing.T) {
	for _, tc := range []struct{ name, self, facts, want string }{
		{"nobody else", "lb1", "lb1", "now"},
		{"no wish was heard", "lb1", "lb1 wishes=b/1/7\nlb2 commit=a\nlb3 commit=a", "lb2 has to hear first that lb1 wants to apply it"},
		{"one of two heard it", "lb1", "lb1 wishes=b/1/7\nlb2 heard=lb1:7\nlb3 heard=lb1:6", "lb3 has to hear first that lb1 wants to apply it"},
		{"both heard it", "lb1", "lb1 wishes=b/1/7\nlb2 heard=lb1:7\nlb3 heard=lb1:8", "now"},
		{"the wish is for another commit", "lb1", "lb1 wishes=a/1/7\nlb2 heard=lb1:7\nlb3 heard=lb1:7", "lb2 has to hear first that lb1 wants to apply it"},
		{"no wish at all", "lb1", "lb1\nlb2 heard=lb1:7\nlb3 heard=lb1:7", "lb2 has to hear first that lb1 wants to apply it"},
		{"another one has it", "lb1", "lb1 wishes=b/0/7\nlb2 heard=lb1:7\nlb3 heard=lb1:7 taken=a/1/3", "lb3 applies aaaaaaa first"},
		{"another one is master of less", "lb1", "lb1 wishes=b/1/7\nlb2 heard=lb1:7\nlb3 heard=lb1:7 wishes=c/0/3", "lb3 applies ccccccc first: it is master of less"},
		{"another name comes first", "lb2", "lb2 wishes=b/1/7\nlb1 heard=lb2:7 wishes=b/1/9\nlb3 heard=lb2:7", "lb1 applies bbbbbbb first: its name comes first"},
		{"the others come later", "lb1", "lb1 wishes=b/0/7\nlb2 heard=lb1:7 wishes=b/0/9\nlb3 heard=lb1:7 wishes=b/1/1", "now"},
		{"one does not answer", "lb1", "lb1 wishes=b/0/7\nlb2 heard=lb1:7\nlb3 heard=lb1:7 silent=1s", "lb3 does not answer (connection refused)"},
		{"one was never heard", "lb1", "lb1 wishes=b/0/7\nlb2 heard=lb1:7\nlb3 unheard", "lb3 has not been heard yet"},
		{"released, also from one that had the turn", "lb1", "lb1 wishes=b/0/7\nlb2 heard=lb1:7\nlb3 taken=b/0/1 silent=1s\nreleased=b", "now"},
		{"its own turn goes on whoever answers", "lb1", "lb1 taken=b/0/7\nlb2 silent=1s\nlb3 unheard", "now"},
		{"its own turn was for another commit", "lb1", "lb1 taken=a/0/7\nlb2 heard=lb1:7\nlb3 heard=lb1:7", "lb2 has to hear first that lb1 wants to apply it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := gateOf(t, tc.self, tc.facts, nil)
			// The gate of a change that touches no instance of a master says what the turn says.
			in.Facts.Roles = nil
			got := strings.TrimSuffix(strings.TrimPrefix(gated(in, "web"), "web"), "\n")
			if got = strings.TrimSpace(strings.TrimPrefix(got, ":")); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestRank(t *testing.T) {
	for text, want := range map[string]int{"": 0, "web:backup,db:backup": 0, "web:master,db:backup": 1, "web:master,db:master": 2} {
		roles := map[string]spec.Role{}
		if text != "" {
			roles = rolesOf(t, text)
		}
		if got := reconcile.Rank(roles); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// The rendering is the same on all directors, and another one for what a commit asks of services; sync and VRRP are each director's own.
func TestRenderingOf(t *testing.T) {
	plain := reconcile.RenderingOf(company("lb1", nil))["c"]
	if other := reconcile.RenderingOf(company("lb2", nil))["c"]; other != plain {
		t.Error("two directors render one commit in two ways")
	}
	if heavier := reconcile.RenderingOf(company("lb1", func(c *spec.Cluster) { c.VirtualServers = c.VirtualServers[:1] }))["c"]; heavier == plain {
		t.Error("a service is missing, and the rendering is the same")
	}
}
