package director

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lbsync/lbsync/runtime/director/directortest"
	"github.com/lbsync/lbsync/spec"
)

var errAway = fmt.Errorf("dial: %w", syscall.ECONNREFUSED)

const awayText = "engine not reachable at /run/e.sock: start lbsync-engine (systemctl start lbsync-engine)"

// alone is the VRRP of a director without an engine.
func alone() *VRRP {
	return NewVRRP(VRRPConfig{Open: func() (Engine, error) { return nil, errAway }, Path: "/run/e.sock", Log: slog.New(slog.DiscardHandler)})
}

// rig is the agent's side with an engine that does as it is told.
type rig struct {
	*Director
	t      *testing.T
	engine *directortest.Engine
	kernel *script
	dir    string
	stop   func()
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, engine: directortest.New(), kernel: &script{}, dir: t.TempDir()}
	r.open()
	return r
}

// open is what a new agent begins with.
func (r *rig) open() {
	r.Director = New(func() (Kernel, error) { return r.kernel, nil }, NewVRRP(VRRPConfig{
		Open: func() (Engine, error) {
			_, err := r.engine.Wanted(context.Background())
			return r.engine, err
		},
		Path: "/run/e.sock", Secret: SecretsIn(r.dir), Mark: filepath.Join(r.dir, "mark"), Boot: "boot", Log: slog.New(slog.DiscardHandler),
	}))
}

func (r *rig) run() {
	ctx, cancel := context.WithCancel(r.t.Context())
	ended := make(chan struct{})
	go func() { r.VRRP.Run(ctx); close(ended) }()
	r.VRRP.Tell(spec.View{Director: spec.Placed[spec.Director]{Def: &spec.Director{Name: "lb1"}}})
	r.stop = func() { cancel(); <-ended }
	synctest.Wait()
}

func bubble(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newRig(t)) })
}

func (r *rig) roles(want map[string]spec.Role) {
	r.t.Helper()
	synctest.Wait()
	if got := r.VRRP.Roles(); !maps.Equal(got, want) {
		r.t.Errorf("roles %v, want %v", got, want)
	}
}

// signalled says whether Changed had something, and takes it.
func (r *rig) signalled() bool {
	synctest.Wait()
	select {
	case <-r.VRRP.Changed():
		return true
	default:
		return false
	}
}

func addInstance(name spec.InstanceKey, secret string) spec.Change {
	return spec.Change{Key: name, Action: spec.Add, After: spec.Instance{Interface: "eth0", RouterID: 79, Version: 2, Priority: 100, Secret: secret}}
}

var (
	web     = addInstance("web", "")
	address = spec.Change{Key: spec.AddressKey{Instance: "web", Prefix: netip.MustParsePrefix("192.0.2.1/32")}, Action: spec.Add, After: spec.Address{Device: "eth0"}}
	timeout = spec.Change{Key: spec.TimeoutTCP, Action: spec.Edit, Before: spec.Seconds(1), After: spec.Seconds(2)}
)

// errsText is one word for each result.
func errsText(errs []error) []string {
	var out []string
	for _, e := range errs {
		out = append(out, strings.TrimSuffix(fmt.Sprint(e), "\n"))
	}
	return out
}

func TestChangesGoToWhomTheyConcern(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		errs := r.Apply(t.Context(), []spec.Change{web, timeout, address})
		if want := []string{"<nil>", "<nil>", "<nil>"}; !slices.Equal(errsText(errs), want) {
			t.Errorf("%v", errs)
		}
		if !slices.Equal(r.kernel.calls, []string{"apply 1"}) || r.engine.Wants() != 1 {
			t.Errorf("kernel %v, engine %d times", r.kernel.calls, r.engine.Wants())
		}
		r.Apply(t.Context(), []spec.Change{addInstance("db", "")})
		s, err := r.Observe(t.Context(), Full)
		if err != nil || len(s.Timeouts) != 1 || len(s.VRRP.Instances) != 2 || s.VRRP.Instances[0].Key != "db" || len(s.VRRP.Addresses) != 1 {
			t.Errorf("observed %+v, %v", s, err)
		}
		calls := len(r.kernel.calls)
		r.Apply(t.Context(), []spec.Change{{Key: spec.InstanceKey("db"), Action: spec.Remove}})
		if len(r.kernel.calls) != calls {
			t.Errorf("the kernel is asked for what the engine does: %v", r.kernel.calls)
		}
		if v, _ := r.engine.Wanted(t.Context()); len(v.Instances) != 1 {
			t.Errorf("the engine holds %+v", v)
		}
	})
}

func TestEngineIsAway(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.engine.Away(errAway)
		if s, err := r.Observe(t.Context(), Full); err != nil || !s.VRRP.Empty() {
			t.Errorf("observed %+v, %v", s, err)
		}
		if s, p := r.VRRP.Report(t.Context(), false); s != nil || p != nil {
			t.Errorf("nobody needs an engine, and yet %+v, %+v", s, p)
		}
		<-time.After(time.Minute)
		errs := r.Apply(t.Context(), []spec.Change{web, timeout, address})
		if want := []string{awayText, "<nil>", awayText}; !slices.Equal(errsText(errs), want) {
			t.Errorf("%q", errsText(errs))
		}
		s, p := r.VRRP.Report(t.Context(), true)
		if s != nil || p == nil || p.Error != awayText || time.Since(p.Since) != time.Minute {
			t.Errorf("report %+v, %+v", s, p)
		}

		r.engine.Away(nil)
		r.Apply(t.Context(), []spec.Change{web})
		r.engine.Away(errAway)
		// A restart of the engine is no drift.
		if s, err := r.Observe(t.Context(), Fast); err != nil || len(s.VRRP.Instances) != 1 {
			t.Errorf("observed %+v, %v", s, err)
		}
		if _, p := r.VRRP.Report(t.Context(), false); p == nil || !p.Since.Equal(time.Now()) {
			t.Errorf("what the engine holds is not served, and nobody says so: %+v", p)
		}
	})
}

func TestRefusalIsEveryChangesOwn(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.engine.Refuse(errors.New("device eth9 is not there"))
		if got := errsText(r.Apply(t.Context(), []spec.Change{web, address})); !slices.Equal(got, []string{"device eth9 is not there", "device eth9 is not there"}) {
			t.Errorf("%q", got)
		}
	})
}

func TestSecrets(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		file := func(name, content string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(r.dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		file("codis", "codis79\n")
		file("eight", "12345678")
		file("long", "topsecret\n")
		file("empty", "\n")
		for name, want := range map[string]string{
			"long":      `secret "long" of vrrp_instance "a": it has 9 bytes, and the password of version 2 has at most 8`,
			"empty":     `secret "empty" of vrrp_instance "a": it is empty`,
			"none":      `no such file or directory; write it to ` + r.dir + `/none, readable by root alone`,
			"../passwd": `path escapes from parent`,
		} {
			err := r.Apply(t.Context(), []spec.Change{addInstance("a", name)})[0]
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "topsecret") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if r.engine.Wants() != 0 {
			t.Error("the engine was given a state without its secrets")
		}
		if err := errors.Join(r.Apply(t.Context(), []spec.Change{addInstance("a", "codis"), addInstance("b", "eight"), addInstance("c", "codis")})...); err != nil {
			t.Fatal(err)
		}
		if got, want := r.engine.Secrets(), map[string]string{"codis": "codis79", "eight": "12345678"}; !maps.Equal(got, want) {
			t.Errorf("the engine got %q", got)
		}
	})
}
