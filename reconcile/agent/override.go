package agent

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// overrides are those that hold here: of this director and of the others of its clusters.
func (a *Agent) overrides() []spec.Override { return a.facts().Overrides }

// heard are the overrides of the other directors: as each reports them, and as it was last heard until it does.
func (a *Agent) heard(peers map[string]spec.PeerFact) []spec.Override {
	var out []spec.Override
	for _, o := range a.held.Heard {
		if p, mate := peers[o.Director]; mate && p.Report == nil {
			out = append(out, o)
		}
	}
	for _, name := range sortedNames(peers) {
		if r := peers[name].Report; r != nil {
			out = append(out, r.Overrides...)
		}
	}
	return out
}

// hearsay keeps what the others override: a restart does not end it, whether they are heard again or not.
func (a *Agent) hearsay() {
	heard := slices.DeleteFunc(a.heard(a.mates()), func(o spec.Override) bool { return over(o.Until) })
	if !slices.Equal(heard, a.held.Heard) {
		a.held.Heard = heard
		a.keep()
	}
}

// overrideSet gives a real server another weight for a time. It is durable before the kernel is touched.
func (a *Agent) overrideSet(ctx context.Context, c spec.Command) (spec.CommandResult, error) {
	if s := a.held.Suspension; s != nil {
		return spec.CommandResult{}, fmt.Errorf("suspended by %s: nothing is applied until lbsync resume", s.Actor)
	}
	k, err := a.realServer(c.RealServer)
	if err != nil {
		return spec.CommandResult{}, err
	}
	r, _, ok := a.held.View.RealServer(k)
	if !ok {
		return spec.CommandResult{}, fmt.Errorf("%s has no real server %s: lbsync get real-servers lists them", a.held.Commit.Short(), k)
	}
	o := spec.Override{Director: a.cfg.Director, Key: k, Weight: *c.Weight, Actor: c.Actor, Reason: c.Reason, At: time.Now().UTC().Round(0), Until: until(c.For).UTC()}
	if err := a.account(a.overrideRecord(o, journal.Record{Event: journal.OverrideSet, Actor: actorOf(c.Actor),
		Before: fmt.Sprintf("weight=%d", r.Dest.Weight), After: fmt.Sprintf("weight=%d", o.Weight), Detail: withEnd(c.Reason, o.Until)})); err != nil {
		return spec.CommandResult{}, err
	}
	a.held.Overrides = append(a.without(k), o)
	return a.reweighed(ctx, "overridden, but NOT applied, and a restart would forget it", o)
}

// overrideClear ends overrides that were made here.
func (a *Agent) overrideClear(ctx context.Context, c spec.Command) (spec.CommandResult, error) {
	ended, err := a.named(c)
	if err != nil {
		return spec.CommandResult{}, err
	}
	for _, o := range ended {
		if err := a.endOverride(o, journal.OverrideCleared, actorOf(c.Actor), c.Reason); err != nil {
			return spec.CommandResult{}, err
		}
	}
	return a.reweighed(ctx, "ended, but a restart would bring it back", ended...)
}

// named are the overrides of this director that a command is about.
func (a *Agent) named(c spec.Command) ([]spec.Override, error) {
	if c.All {
		if len(a.held.Overrides) == 0 {
			return nil, errors.New("nothing is overridden by this director")
		}
		return slices.Clone(a.held.Overrides), nil
	}
	var out []spec.Override
	for _, o := range a.held.Overrides {
		if o.Key.String() == c.RealServer || o.Key.Addr.String() == c.RealServer {
			out = append(out, o)
		}
	}
	switch {
	case len(out) == 1:
		return out, nil
	case len(out) > 1:
		return nil, ambiguous(c.RealServer, keysOf(out))
	}
	for _, o := range a.overrides() {
		if o.Director != a.cfg.Director && (o.Key.String() == c.RealServer || o.Key.Addr.String() == c.RealServer) {
			return nil, fmt.Errorf("%s is overridden by %s: clear it there", o.Key, o.Director)
		}
	}
	return nil, fmt.Errorf("%s is not overridden by this director: lbsync override list shows what is", c.RealServer)
}

func keysOf(all []spec.Override) []spec.DestKey {
	var out []spec.DestKey
	for _, o := range all {
		out = append(out, o.Key)
	}
	return out
}

// realServer is the key that an operator names: as it is shown everywhere, or the address alone where that is in one service only.
func (a *Agent) realServer(name string) (spec.DestKey, error) {
	if a.held.View == nil {
		return spec.DestKey{}, errors.New("no commit was applied yet, so there is no real server")
	}
	var k spec.DestKey
	if strings.Contains(name, ">") {
		err := k.UnmarshalText([]byte(name))
		return k, err
	}
	addr, err := netip.ParseAddrPort(name)
	if err != nil {
		return k, fmt.Errorf("real server %q: want \"SERVICE > ADDRESS:PORT\" as lbsync get real-servers has it, or ADDRESS:PORT", name)
	}
	switch found := a.held.View.RealServersAt(addr); len(found) {
	case 0:
		return k, fmt.Errorf("%s has no real server %s: lbsync get real-servers lists them", a.held.Commit.Short(), name)
	case 1:
		return found[0], nil
	default:
		return k, ambiguous(name, found)
	}
}

func ambiguous(name string, found []spec.DestKey) error {
	var words []string
	for _, k := range found[:min(len(found), 5)] {
		words = append(words, fmt.Sprintf("%q", k))
	}
	return fmt.Errorf("%s is in %d services: name one, such as %s", name, len(found), strings.Join(words, ", "))
}

// reweighed makes what was decided durable and puts it into the kernel.
func (a *Agent) reweighed(ctx context.Context, undurable string, about ...spec.Override) (spec.CommandResult, error) {
	if err := a.mark(undurable); err != nil {
		return spec.CommandResult{}, err
	}
	was := a.plan
	a.look(ctx, true)
	out := spec.CommandResult{Overrides: about}
	if a.plan != was {
		out.Plan = a.plan
	}
	return out, nil
}

func (a *Agent) endOverride(o spec.Override, e journal.Event, actor, why string) error {
	rec := a.overrideRecord(o, journal.Record{Event: e, Actor: actor, Detail: why})
	if a.held.View != nil { // after an upgrade it may be lost, and the override is not
		if r, _, ok := a.held.View.RealServer(o.Key); ok {
			rec.Before, rec.After = fmt.Sprintf("weight=%d", o.Weight), fmt.Sprintf("weight=%d", r.Dest.Weight)
		}
	}
	if err := a.account(rec); err != nil {
		return err
	}
	a.held.Overrides = a.without(o.Key)
	return nil
}

func (a *Agent) overrideRecord(o spec.Override, r journal.Record) journal.Record {
	r.Kind, r.Key = o.Key.Kind(), o.Key.String()
	return of(a.held.Commit, r)
}

// without is a copy: what status was given is not altered.
func (a *Agent) without(k spec.DestKey) []spec.Override {
	return slices.DeleteFunc(slices.Clone(a.held.Overrides), func(o spec.Override) bool { return o.Key == k })
}

// lapseOverrides ends those whose time is over.
func (a *Agent) lapseOverrides(why string) {
	ended := false
	for _, o := range a.held.Overrides {
		if over(o.Until) {
			err := a.endOverride(o, journal.OverrideEnded, self, why)
			a.complain("end override", err)
			ended = ended || err == nil
		}
	}
	if ended {
		a.keep()
	}
}

// overrideEnds are when those of this director end.
func (a *Agent) overrideEnds() []time.Time {
	var out []time.Time
	for _, o := range a.held.Overrides {
		out = append(out, o.Until)
	}
	return out
}

// outdated says that what is wanted was rendered with other overrides than hold now.
func (a *Agent) outdated(f spec.Facts) bool {
	want, _ := a.states.Beside()
	return !slices.Equal(want.Overrides, reconcile.Overriding(f))
}

// overrideStatus is what the overrides of the wanted state meet.
func overrideStatus(want *spec.State, v *spec.View) []spec.OverrideStatus {
	if want == nil || v == nil {
		return nil
	}
	var out []spec.OverrideStatus
	for _, o := range want.Overrides {
		s := spec.OverrideStatus{Override: o}
		if r, pos, ok := v.RealServer(o.Key); ok {
			s.Configured, s.Pos = &r.Dest.Weight, pos
		}
		out = append(out, s)
	}
	return out
}
