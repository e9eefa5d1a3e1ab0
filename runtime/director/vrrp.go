package director

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/lbsync/lbsync/runtime/director/notify"
	"github.com/lbsync/lbsync/runtime/director/tracking"
	"github.com/lbsync/lbsync/spec"
)

// VRRPConfig is what the agent's side of VRRP works with.
type VRRPConfig struct {
	Open   func() (Engine, error)
	Path   string // of the engine's socket, for messages
	Secret func(name string) (string, error)
	Mark   string // file that says how far transitions were told
	Boot   string // identifies this run of the machine
	Log    *slog.Logger
}

// VRRP is the agent's side of VRRP: it gives the engine its wanted state and its trackers' verdicts, knows the roles, and has
// transitions told. Its methods may be called at the same time.
type VRRP struct {
	VRRPConfig
	trackers *tracking.Trackers
	notifier *notify.Notifier
	changed  chan struct{}
	notices  chan spec.Notice
	told     chan struct{} // closed once it is known whom to tell
	saying   chan struct{} // bounds the verdicts that are being told

	mu      sync.Mutex
	engine  Engine
	asked   bool                 // somebody tried to reach it
	live    spec.VRRP            // what it worked by when it was last asked
	roles   map[string]spec.Role // nil while it is away: who knows what it does meanwhile
	failing *spec.Problem
	news    []spec.VRRPNews
	dropped uint64 // news that nobody took
}

// NewVRRP asks nothing yet.
func NewVRRP(c VRRPConfig) *VRRP {
	v := &VRRP{VRRPConfig: c, changed: make(chan struct{}, 1), told: make(chan struct{}), notices: make(chan spec.Notice, 100), saying: make(chan struct{}, 8)}
	v.trackers = tracking.New(v.verdict)
	v.notifier = notify.New(c.Mark, c.Boot, func(n spec.VRRPNews) { v.note(n) })
	return v
}

// observe is what the engine works by. While it is away that is what it said last: a restart, which takes it a tenth of a second,
// makes it forget nothing.
func (v *VRRP) observe(ctx context.Context) spec.VRRP {
	var live spec.VRRP
	var status spec.VRRPStatus
	err := v.ask(ctx, func(ctx context.Context, e Engine) (err error) {
		if live, err = e.Wanted(ctx); err == nil {
			// After the kernel was read: a sync daemon that runs by now was started for a role that this shows already.
			status, err = e.Status(ctx)
		}
		return err
	})
	if err != nil {
		return v.lost(ctx, err)
	}
	v.holds(live)
	v.met(status)
	return live
}

// apply makes the engine's changes of one step: it takes all of them or none.
func (v *VRRP) apply(ctx context.Context, changes []spec.Change) error {
	var live spec.VRRP
	err := v.ask(ctx, func(ctx context.Context, e Engine) (err error) {
		live, err = e.Wanted(ctx)
		return err
	})
	if err != nil {
		v.lost(ctx, err)
		return err
	}
	want := live.Advance(changes)
	secrets, err := v.secrets(want.Instances)
	if err != nil {
		return err
	}
	if err := v.ask(ctx, func(ctx context.Context, e Engine) error { return e.Want(ctx, want, secrets) }); err != nil {
		return err
	}
	v.holds(want)
	return nil
}

// holds notes what the engine works by.
func (v *VRRP) holds(live spec.VRRP) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answered()
	v.live = live
	v.trackers.Set(live.Trackers)
}

// RolesOf are the roles by instance; one that has none is absent.
func RolesOf(s spec.VRRPStatus) map[string]spec.Role {
	roles := map[string]spec.Role{}
	for _, i := range s.Instances {
		if r := i.State.Role(); r != spec.RoleUnknown {
			roles[i.Name.String()] = r
		}
	}
	return roles
}

// met notes that the engine answers, and its roles.
func (v *VRRP) met(s spec.VRRPStatus) {
	roles := RolesOf(s)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answered()
	if v.roles == nil || !maps.Equal(roles, v.roles) {
		v.roles = roles
		v.signal()
	}
}

// answered is called with mu held.
func (v *VRRP) answered() {
	if v.failing != nil {
		v.Log.Info("engine reached", "socket", v.Path)
	}
	v.asked, v.failing = true, nil
}

// lost notes that the engine does not answer, and returns what it worked by.
func (v *VRRP) lost(ctx context.Context, err error) spec.VRRP {
	v.mu.Lock()
	defer v.mu.Unlock()
	if ctx.Err() != nil {
		return v.live // it is the agent that goes
	}
	since := time.Now()
	if v.failing != nil {
		since = v.failing.Since
	} else if !v.live.Empty() {
		v.Log.Warn("engine lost", "error", err)
	}
	v.asked, v.failing = true, &spec.Problem{Error: err.Error(), Since: since}
	if v.roles != nil {
		v.roles = nil
		v.signal()
	}
	return v.live
}

// signal is called with mu held.
func (v *VRRP) signal() {
	select {
	case v.changed <- struct{}{}:
	default: // whoever waits has not seen the change before this one either
	}
}

// Changed has an element when Roles or News may have something new.
func (v *VRRP) Changed() <-chan struct{} { return v.changed }

// Roles are the roles by instance, as far as they are known: of an engine that is away, none is. The first call asks the engine.
func (v *VRRP) Roles() map[string]spec.Role {
	v.mu.Lock()
	asked := v.asked
	v.mu.Unlock()
	if !asked {
		v.observe(context.Background())
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.roles)
}

// Handover has the engine give the role of master away.
func (v *VRRP) Handover(ctx context.Context, k spec.InstanceKey) error {
	return v.ask(ctx, func(ctx context.Context, e Engine) error { return e.Handover(ctx, k) })
}

// statusWithin bounds a question that an operator waits for, and that is asked beside all others.
const statusWithin = time.Second

// Report is the engine's own, or why there is none. An engine that is away is no problem where it has nothing to do; wanted says
// that it should have.
func (v *VRRP) Report(ctx context.Context, wanted bool) (*spec.VRRPStatus, *spec.Problem) {
	var s spec.VRRPStatus
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	err := v.ask(ctx, func(ctx context.Context, e Engine) (err error) {
		s, err = e.Status(ctx)
		return err
	})
	if err == nil {
		return &s, nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.live.Empty() && !wanted:
		return nil, nil
	case v.failing != nil:
		return nil, &spec.Problem{Error: err.Error(), Since: v.failing.Since}
	}
	return nil, &spec.Problem{Error: err.Error(), Since: time.Now()}
}

// verdict gives the engine what a tracker says.
func (v *VRRP) verdict(ctx context.Context, k spec.TrackerKey, good bool, cause error) error {
	v.saying <- struct{}{}
	defer func() { <-v.saying }()
	err := v.ask(ctx, func(ctx context.Context, e Engine) error { return e.Verdict(ctx, k, good) })
	if err == nil {
		v.Log.Info("tracker", "tracker", k.String(), "good", good, "cause", cause)
	}
	return err
}
