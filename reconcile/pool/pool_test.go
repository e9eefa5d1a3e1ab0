package pool_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/pool"
	"github.com/lbsync/lbsync/spec"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

var web = spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.1:80"))

// view is lb1's, with one virtual server that has some attributes and n real servers of weight 10.
func view(t *testing.T, n int, attrs, brake string) spec.View {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, `
director "lb1" {}
director "lb2" {}
cluster "web" {
  directors = ["lb1", "lb2"]
  %s
  virtual_server "web" {
    address    = "192.0.2.1"
    port       = 80
    protocol   = "tcp"
    scheduler  = "wlc"
    forwarding = "nat"
    %s
    health_check "tcp" { interval = "4s" }
`, brake, attrs)
	for i := range n {
		fmt.Fprintf(&b, "    real_server \"192.0.2.%d\" { weight = 10 }\n", 11+i)
	}
	b.WriteString("  }\n}\n")
	f, _, diags := spec.LoadFS(fstest.MapFS{"f.hcl": {Data: []byte(b.String())}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	v, _ := f.Director("lb1")
	return v
}

func server(n int) spec.DestKey {
	return spec.DestKey{Service: web, Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}), 80)}
}

// scene is pools and the state that they ask for.
type scene struct {
	t    *testing.T
	view spec.View
	p    *pool.Pools
	now  time.Time
}

func begin(t *testing.T, v spec.View, live spec.State) *scene {
	return &scene{t, v, pool.New(v, nil, live, noon), noon}
}

// hear has checks of real servers be up or down: "12 down, 13 up".
func (s *scene) hear(verdicts string) {
	s.t.Helper()
	var all []spec.Verdict
	checks, _ := s.p.Checks()
	for word := range strings.SplitSeq(verdicts, ", ") {
		var n int
		var state string
		if _, err := fmt.Sscan(word, &n, &state); err != nil {
			s.t.Fatal(err)
		}
		v := spec.Verdict{State: spec.CheckUp, Weight: -1}
		if state == "down" {
			v.State, v.Why = spec.CheckDown, "refused"
		}
		at := slices.IndexFunc(checks, func(c spec.Check) bool { return c.Addr == server(n).Addr })
		v.Check = checks[at]
		all = append(all, v)
	}
	s.p.Judge(all, s.now)
}

// rows are the real servers that are wanted: "11:10 12:10".
func (s *scene) rows() string {
	f := spec.Facts{Now: s.now}
	f.Pools, f.Shift = s.p.Facts()
	want, _ := reconcile.Want(s.view, f)
	var out []string
	for _, d := range want.Dests {
		out = append(out, fmt.Sprintf("%d:%d", d.Key.Addr.Addr().As4()[3], d.Value.Weight))
	}
	return strings.Join(out, " ")
}

func (s *scene) expect(want string) {
	s.t.Helper()
	if got := s.rows(); got != want {
		s.t.Errorf("wanted %q, expected %q", got, want)
	}
}

func (s *scene) news() string {
	var out []string
	for _, n := range s.p.News() {
		out = append(out, n.What+" "+n.State)
	}
	return strings.Join(out, ", ")
}

func TestFailedLeaves(t *testing.T) {
	s := begin(t, view(t, 3, "", ""), spec.State{})
	s.expect("11:10 12:10 13:10")
	s.hear("12 down")
	s.expect("11:10 13:10")
	s.hear("12 up")
	s.expect("11:10 12:10 13:10")
	if got := s.news(); got != "real_server down, real_server up" {
		t.Error(got)
	}
}

func TestInhibitKeepsTheEntry(t *testing.T) {
	s := begin(t, view(t, 2, "inhibit_on_failure = true", ""), spec.State{})
	s.hear("12 down")
	s.expect("11:10 12:0")
}

func TestStartDown(t *testing.T) {
	s := begin(t, view(t, 2, `start_state = "down"`, ""), spec.State{})
	s.expect("")
	s.hear("11 up")
	s.expect("11:10")
	s.hear("12 down")
	s.expect("11:10")
}

func TestSlowStart(t *testing.T) {
	s := begin(t, view(t, 2, `slow_start = "9s"`, ""), spec.State{})
	s.hear("11 up, 12 down")
	s.expect("11:10")
	s.hear("12 up")
	s.expect("11:10 12:1")
	for step := 2; step <= 10; step++ {
		at, ok := s.p.Due(s.now)
		if !ok || at.Sub(noon) != time.Duration(step-1)*time.Second {
			t.Fatalf("step %d is due at %v, %t", step, at.Sub(noon), ok)
		}
		s.now = at
		if got := s.p.Tick(at); !slices.Equal(got, []spec.ServiceKey{web}) {
			t.Fatalf("step %d touches %v", step, got)
		}
		s.expect(fmt.Sprintf("11:10 12:%d", step))
	}
	if _, ok := s.p.Due(s.now); ok {
		t.Error("something is due when all is risen")
	}
}

// A slow start that a failure ends begins anew.
func TestSlowStartAgain(t *testing.T) {
	s := begin(t, view(t, 2, `slow_start = "9s"`, ""), spec.State{})
	s.hear("12 down")
	s.hear("12 up")
	s.now = s.now.Add(5 * time.Second)
	s.p.Tick(s.now)
	s.expect("11:10 12:6")
	s.hear("12 down")
	s.hear("12 up")
	s.expect("11:10 12:1")
}

func TestQuorum(t *testing.T) {
	s := begin(t, view(t, 4, "quorum = 20\nhysteresis = 10\nsorry_server \"192.0.2.99\" {}", ""), spec.State{})
	s.hear("11 down, 12 down, 13 down") // 10 is not below 20 - 10
	s.expect("14:10")
	s.hear("14 down")
	s.expect("99:1")
	s.hear("11 up, 12 up") // 20 is below 20 + 10
	s.expect("99:1")
	s.hear("13 up")
	s.expect("11:10 12:10 13:10")
	if got := s.news(); !strings.HasSuffix(got, "quorum down, real_server up, real_server up, real_server up, quorum up") {
		t.Error(got)
	}
}

// Under inhibit_on_failure those for whom the sorry server stands in keep their connections too.
func TestSorryServerInhibit(t *testing.T) {
	s := begin(t, view(t, 2, "quorum = 20\ninhibit_on_failure = true\nsorry_server \"192.0.2.99\" {}", ""), spec.State{})
	s.hear("11 down")
	s.expect("11:0 12:0 99:1")
}

// What the kernel holds after a restart is gone on with: until a check says so, nothing that was out comes back.
func TestRestart(t *testing.T) {
	v := view(t, 3, `sorry_server "192.0.2.99" {}`, "")
	all, _ := reconcile.Want(v, spec.Facts{})
	live := all
	live.Dests = slices.Clone(all.Dests[:2]) // 13 was out
	live.Dests[1].Value.Weight = 0           // so was 12
	s := begin(t, v, live)
	s.expect("11:10 12:0") // whose connections are kept
	s.hear("12 down")
	s.expect("11:10")
	s.hear("12 up")
	s.expect("11:10 12:10")

	sorry := begin(t, view(t, 2, `sorry_server "192.0.2.99" {}`, ""), func() spec.State {
		s := begin(t, view(t, 2, `sorry_server "192.0.2.99" {}`, ""), spec.State{})
		s.hear("11 down, 12 down")
		f := spec.Facts{}
		f.Pools, f.Shift = s.p.Facts()
		want, _ := reconcile.Want(s.view, f)
		return want
	}())
	sorry.expect("99:1")
	sorry.hear("11 up")
	sorry.expect("11:10")
}

// A commit keeps what is known of those that stay, and what is new begins as start_state says.
func TestCommit(t *testing.T) {
	v := view(t, 2, "", "")
	s := begin(t, v, spec.State{})
	s.hear("11 up, 12 down")
	live, _ := reconcile.Want(v, spec.Facts{Pools: first(s.p.Facts())})
	next := view(t, 3, "", "")
	s.p, s.view = pool.New(next, s.p, live, noon), next
	s.expect("11:10 13:10")
	if _, states := s.p.Checks(); len(states) != 2 {
		t.Errorf("%d checks are known", len(states))
	}
}

func first[A, B any](a A, _ B) A { return a }

func TestBrakeOfAService(t *testing.T) {
	s := begin(t, view(t, 4, "", "brake { service = 50 }"), spec.State{})
	s.hear("11 down, 12 down") // 50 % is not more than 50 %
	s.expect("13:10 14:10")
	s.hear("13 down")
	s.expect("13:10 14:10")
	if got := s.news(); got != "real_server down, real_server down, brake on" {
		t.Error(got)
	}
	if got := s.p.Failing(); got.Checks != 0 || !slices.Equal(got.Services, []spec.ServiceKey{web}) {
		t.Errorf("%+v", got)
	}
	s.now = s.now.Add(time.Hour) // that they stay down does not release it
	s.hear("14 down")
	s.expect("13:10 14:10")
	s.hear("11 up, 13 up")
	s.expect("11:10 13:10 14:10") // who is held has time to come up
	if got := s.news(); !strings.Contains(got, "brake off") {
		t.Error(got)
	}
	at, due := s.p.Due(s.now)
	if !due || at.Sub(s.now) != 2*4*time.Second+3*time.Second+time.Second { // rise, down_interval, timeout, and a second
		t.Fatalf("due in %v, %t", at.Sub(s.now), due)
	}
	s.hear("11 down") // who was not held is believed
	s.expect("13:10 14:10")
	s.now = at
	if got := s.p.Tick(s.now); !slices.Equal(got, []spec.ServiceKey{web}) {
		t.Error(got)
	}
	s.expect("13:10")
	if _, due := s.p.Due(s.now); due {
		t.Error("it is over, and due again")
	}
}

// What another director sees too is believed until it is over.
func TestBrakeIsReleased(t *testing.T) {
	s := begin(t, view(t, 4, "", "brake { service = 50 }"), spec.State{})
	s.hear("11 down, 12 down, 13 down")
	s.expect("11:10 12:10 13:10 14:10")
	if got := s.p.Hear(s.p.Failing(), s.now); !slices.Equal(got, []spec.ServiceKey{web}) {
		t.Error(got)
	}
	s.expect("14:10")
	s.hear("14 down")
	s.expect("")
	s.hear("11 up, 12 up, 13 up, 14 up")
	s.hear("11 down, 12 down, 13 down")
	s.expect("11:10 12:10 13:10 14:10")
}

// Failures that come one after the other are no accident of this director.
func TestBrakeSlowly(t *testing.T) {
	s := begin(t, view(t, 4, "", "brake { service = 50 }"), spec.State{})
	for n := 11; n <= 13; n++ {
		s.hear(fmt.Sprintf("%d down", n))
		s.now = s.now.Add(time.Minute)
	}
	s.expect("14:10")
}

func TestBrakeOfAll(t *testing.T) {
	down := func(n int) string {
		var out []string
		for i := range n {
			out = append(out, fmt.Sprintf("%d down", 11+i))
		}
		return strings.Join(out, ", ")
	}
	few := begin(t, view(t, 9, "", ""), spec.State{})
	few.hear(down(9)) // a handful says nothing
	few.expect("")
	s := begin(t, view(t, 10, "", ""), spec.State{})
	all := s.rows()
	s.hear(down(10))
	s.expect(all)
	if got := s.p.Status(s.now); got.Brake == nil || got.Brake.Down != 10 || len(got.Servers) != 10 || got.Servers[0].State != "held" {
		t.Errorf("%+v", got)
	}
	if got := s.p.Hear(spec.Failing{Checks: 50}, s.now); got != nil { // which that one believes too
		t.Error(got)
	}
	if got := s.p.Hear(s.p.Failing(), s.now); !slices.Equal(got, []spec.ServiceKey{web}) {
		t.Error(got)
	}
	s.expect("")
	off := begin(t, view(t, 10, "", "brake { all = 100 }"), spec.State{})
	off.hear(down(10))
	off.expect("")
}

// A check asks for a weight.
func TestWeightOfACheck(t *testing.T) {
	s := begin(t, view(t, 2, "", ""), spec.State{})
	checks, _ := s.p.Checks()
	s.p.Judge([]spec.Verdict{{Check: checks[0], State: spec.CheckUp, Weight: 3}}, noon)
	s.expect("11:3 12:10")
}

// One real server whose two checks fail is one, not two.
func TestBrakeCountsRealServers(t *testing.T) {
	s := begin(t, view(t, 4, `health_check "tcp" { port = 81 }`, "brake { service = 50 }"), spec.State{})
	s.hear("11 down")
	s.now = s.now.Add(time.Hour)
	checks, _ := s.p.Checks()
	var all []spec.Verdict
	for _, c := range checks {
		if c.Addr.Addr() == server(12).Addr.Addr() || c.Addr.Addr() == server(13).Addr.Addr() {
			all = append(all, spec.Verdict{Check: c, State: spec.CheckDown, Weight: -1})
		}
	}
	s.p.Judge(all, s.now)
	s.expect("14:10")
	if len(all) != 4 {
		t.Errorf("%d checks failed", len(all))
	}
}

// What failed before a commit neither fails again with it, nor is it forgotten.
func TestBrakeOverACommit(t *testing.T) {
	v := view(t, 4, "", "brake { service = 50 }")
	s := begin(t, v, spec.State{})
	s.hear("11 down")
	s.now = s.now.Add(time.Minute)
	s.hear("12 down")
	s.now = s.now.Add(time.Minute)
	s.hear("13 down")
	s.p = pool.New(v, s.p, spec.State{}, s.now)
	if got := s.p.Failing(); !slices.Equal(got.Services, []spec.ServiceKey{web}) {
		t.Errorf("%+v", got)
	}
	s.now = s.now.Add(time.Minute)
	s.hear("14 down")
	s.expect("")
}

// One that drained, and that git has again, is in at once.
func TestDrainedComesBack(t *testing.T) {
	two, three := view(t, 2, "", ""), view(t, 3, "", "")
	s := begin(t, two, spec.State{})
	live, _ := reconcile.Want(three, spec.Facts{})
	live.Dests = slices.Clone(live.Dests)
	live.Dests[2].Value.Weight = 0
	s.p, s.view = pool.New(three, s.p, live, noon), three
	s.expect("11:10 12:10 13:10")
}
