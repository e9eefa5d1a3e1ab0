package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/source"
	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/spec"
)

// baseline is what a fleet is compared with.
type baseline struct {
	what   string // in words, for messages
	starts map[string]start
	all    *start       // of a director that has none of its own; nil: such a director is left out
	views  []*spec.View // in force now

	unread error // of directors that could not be asked
}

// start is where one director's plan begins.
type start struct {
	label string
	live  spec.State
	prior *spec.State
	owned reconcile.Owned
	roles map[string]spec.Role // by vrrp_instance, as far as known
	since map[string]time.Time // when drift of a key was first seen

	overrides []spec.Override // that hold
	bridged   bool            // a syncid is changed over the bridge through 0

	pools  map[spec.ServiceKey]spec.PoolFact // what checks ask for
	drains []spec.Drain
	adopts bool // no agent runs: what checks ask for is what one would take over from live that starts now
}

func (b baseline) of(director string) (start, bool) {
	if s, ok := b.starts[director]; ok {
		return s, true
	}
	if b.all == nil {
		return start{}, false
	}
	return *b.all, true
}

func (a *app) baseline(ctx context.Context, dir string, f diffFlags) (baseline, error) {
	kind, arg, _ := strings.Cut(f.against, ":")
	switch {
	case f.against == "live":
		return a.live(ctx, dir, f.director)
	case kind == "rev" && arg != "":
		return a.revision(dir, arg)
	case kind == "snapshot" && arg != "":
		return fromFile(arg)
	}
	return baseline{}, usagef("--against %q: write live, rev:REV or snapshot:FILE", f.against)
}

// live asks the agent of this host, which speaks for its own director. Another director is asked at its endpoint, if there is a key.
// Where no agent runs and agent.hcl says that this is a director, or there is no key, the kernel is read directly.
func (a *app) live(ctx context.Context, dir, director string) (baseline, error) {
	if several(director) {
		return a.liveAfar(ctx, dir, director)
	}
	client, err := a.agent()
	down := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
	_, here := os.Stat(a.config)
	switch {
	case down && director != "" && errors.Is(here, fs.ErrNotExist) && a.hasKey():
		return a.liveAfar(ctx, dir, director)
	case down:
		return a.withoutAgent(ctx, director, err)
	case err != nil:
		return baseline{}, &exit{exitUnreachable, err, "--against rev:REV and snapshot:FILE need no agent."}
	}
	defer client.Close()
	b, err := ofAgent(ctx, client, director)
	if _, other := errors.AsType[*elsewhereError](err); other && a.hasKey() {
		return a.liveAfar(ctx, dir, director)
	}
	return b, err
}

// ofAgent is what an agent's director holds now; director is the one that is meant, "" if whichever it is.
func ofAgent(ctx context.Context, client *api.Client, director string) (baseline, error) {
	snapshot, err := client.Snapshot(ctx)
	if err != nil {
		return baseline{}, err
	}
	if director != "" && director != snapshot.Director {
		return baseline{}, elsewhere(director, snapshot.Director)
	}
	status, err := client.Status(ctx)
	if err != nil {
		return baseline{}, err
	}
	b, err := fromSnapshot(snapshot, "The agent of this host")
	if err != nil {
		return baseline{}, err
	}
	s := b.starts[snapshot.Director]
	s.since = map[string]time.Time{}
	for _, d := range status.Drift {
		s.since[d.Key] = d.FirstSeen
	}
	b.starts[snapshot.Director] = s
	return b, nil
}

func elsewhere(director, here string) error {
	return &exit{exitUnreachable, &elsewhereError{director, here},
		"Ask on that host, or with the key of an operator (--key), or compare with what `lbsync snapshot` wrote there: --against snapshot:FILE."}
}

// elsewhereError is a host that is not the director that is meant.
type elsewhereError struct{ director, here string }

func (e *elsewhereError) Error() string {
	return fmt.Sprintf("%s is not this host, whose agent speaks for %s", e.director, e.here)
}

func fromFile(name string) (baseline, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return baseline{}, err
	}
	s, err := view.ReadSnapshot(b)
	if err != nil {
		return baseline{}, fmt.Errorf("%s: %w", name, err)
	}
	return fromSnapshot(s, "Snapshot "+name)
}

func fromSnapshot(s spec.Snapshot, what string) (baseline, error) {
	st := start{label: "nothing applied", live: s.Live, prior: s.Prior, roles: s.Roles, overrides: s.Overrides, bridged: s.Bridged,
		pools: spec.PoolFacts(s.Pools), drains: s.Drains}
	if s.Applied != nil {
		st.label = s.Applied.Short()
	}
	if err := st.owned.UnmarshalText(s.Owned); err != nil {
		return baseline{}, fmt.Errorf("snapshot of %s: %w", s.Director, err)
	}
	return baseline{what: what, starts: map[string]start{s.Director: st}}, nil
}

// revision renders the fleet as it is in a commit: what a director holds that follows it.
func (a *app) revision(dir, rev string) (baseline, error) {
	head, l, err := a.fleetAt(dir, rev)
	if err != nil {
		return baseline{}, err
	}
	b := baseline{what: "Revision " + rev, starts: map[string]start{}, all: &start{label: commit(head).Short(), prior: &spec.State{}}, views: views(l)}
	for _, v := range b.views {
		want, _ := reconcile.Want(*v, spec.Facts{Now: a.now()})
		b.starts[v.Director.Def.Name] = start{label: b.all.label, live: want, prior: &want, owned: reconcile.Owned{}.Claim(want)}
	}
	return b, nil
}

// fleetAt is the fleet of a revision. There is none, and no error, where it begins later.
func (a *app) fleetAt(dir, rev string) (source.Commit, loaded, error) {
	checkout, err := source.OpenCheckout(dir)
	if err != nil {
		return source.Commit{}, loaded{}, err
	}
	head, err := checkout.Resolve(rev)
	if err != nil {
		return head, loaded{}, err
	}
	tree, err := checkout.Tree(head.ID)
	if errors.Is(err, source.ErrNoPath) || errors.Is(err, source.ErrNoHCL) {
		return head, loaded{}, nil
	}
	if err != nil {
		return head, loaded{}, err
	}
	l := load(tree, grounds{})
	if l.fleet == nil {
		return head, l, a.unloadable("revision "+rev, l)
	}
	return head, l, nil
}

// unloadable is the error of a fleet to compare with, whose findings are printed.
func (a *app) unloadable(what string, l loaded) error {
	return errors.Join(fmt.Errorf("%s cannot be loaded", what), a.print.Diagnostics(l.diags, l.files))
}
