package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/pool"
	"github.com/lbsync/lbsync/spec"
)

type diffFlags struct {
	director, against string
	full              bool
}

func (a *app) diff() *cobra.Command {
	var f diffFlags
	cmd := &cobra.Command{
		Use: "diff [DIR]", Short: "Show what merging a folder would do, in the order in which it would be done", Args: optionalFolder(),
		Long: "Show what merging a folder would do, in the order in which it would be done.\n\n" +
			"--against live asks the agent on this host. Where none runs it reads the kernel itself, and changes nothing: run it before the\n" +
			"first start, to see what adopting this host would change and remove. It then compares with the last known good in the agent's\n" +
			"state folder, and as a first start would where there is none; --director, or the agent's own file, says which director this is.\n" +
			"Another director is asked at its endpoint, which DIR declares, if there is the key of an operator; --director all asks each so.\n\n" +
			"--against rev:REV compares with a revision of the git work tree that DIR is in, without any agent; snapshot:FILE compares with\n" +
			"what `lbsync snapshot` wrote.\n\n" + exitHelp(),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runDiff(cmd.Context(), args, f) },
	}
	cmd.Flags().StringVar(&f.director, "director", "", "one director, several (lb1,lb2) or all; without it, all that can be compared")
	keyFlag(cmd, a)
	cmd.Flags().StringVar(&f.against, "against", "live", "live, rev:REV or snapshot:FILE")
	cmd.Flags().BoolVar(&f.full, "full", false, "list every change, however many there are")
	return cmd
}

// validate is the command that shows what the policies say of the folder, and of the change if that needs no agent.
func (f diffFlags) validate(name string) string {
	if strings.HasPrefix(f.against, "rev:") {
		name += " --base " + f.against
	}
	return "lbsync validate " + name
}

func (a *app) runDiff(ctx context.Context, args []string, f diffFlags) error {
	name, fsys, err := folder(args)
	if err != nil {
		return err
	}
	base, err := a.baseline(ctx, name, f)
	if err != nil {
		return err
	}
	target := commitOf(name, fsys)
	l := load(fsys, grounds{commit: target.brings(), priors: base.views})
	if err := a.accepted(l, name, f.validate(name)); err != nil {
		return err
	}
	names, err := chosen(l.fleet, f.director)
	if err != nil {
		return err
	}
	var plans []view.DirectorDiff
	for _, director := range names {
		if from, ok := base.of(director); ok {
			v, _ := l.fleet.Director(director)
			plans = append(plans, a.plan(v, from, target))
		}
	}
	if err := a.gone(name, base, l.fleet); err != nil {
		return err
	}
	if len(plans) == 0 {
		return fmt.Errorf("fleet %s: nothing to compare with %s", name, base.what)
	}
	err = a.showDiff(plans, f.full)
	if base.unread != nil && codeOf(err) != exitError {
		return &exit{exitUnreachable, base.unread, ""}
	}
	return err
}

func (a *app) showDiff(plans []view.DirectorDiff, full bool) error {
	doc := view.NewDiff(a.now(), plans)
	doc.Full = full
	if err := a.print.Print(doc); err != nil {
		return err
	}
	return done(diffExit(doc))
}

// gone warns of directors that the fleet declares no more: a diff of what is declared cannot show them.
func (a *app) gone(name string, base baseline, fleet *spec.Fleet) error {
	var diags hcl.Diagnostics
	for _, director := range slices.Sorted(maps.Keys(base.starts)) {
		if _, ok := fleet.Director(director); !ok {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagWarning, Summary: fmt.Sprintf("Director %q is not declared any more", director),
				Detail: fmt.Sprintf("%s has it and %s has not. Its agent refuses such a commit and goes on with what it holds: stop that agent, or declare the director.", base.what, name),
			})
		}
	}
	return a.print.Diagnostics(diags, nil)
}

func diffExit(d view.Diff) int {
	switch {
	case d.Summary.Pending():
		return exitPending
	case d.Summary.Drift > 0:
		return exitDrift
	}
	return exitOK
}

// plan is what would be done to one director.
func (a *app) plan(v spec.View, from start, target target) view.DirectorDiff {
	facts := spec.Facts{Now: a.now(), Roles: from.roles, Overrides: from.overrides, Pools: from.pools, Drains: from.drains}
	if from.adopts {
		facts.Pools, facts.Shift = pool.New(v, nil, from.live, facts.Now).Facts()
	}
	want, holds := reconcile.Want(v, facts)
	p := reconcile.NewPlan(reconcile.PlanInput{
		Director: v.Director.Def.Name, Commit: target.commit, Want: want, Holds: holds, Prior: from.prior, Live: from.live, Owned: from.owned,
		Bridged: from.bridged, Drains: from.drains, Drift: reconcile.DriftPolicy{View: v, Now: facts.Now},
	})
	d := view.NewDirectorDiff(p, from.since)
	d.From, d.Roles, d.Overrides, d.Drains = from.label, view.RolesOf(facts.Roles), want.Overrides, from.drains
	if target.commit.ID == "" {
		d.To = target.label
	}
	return d
}
