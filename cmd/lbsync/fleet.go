package main

import (
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// loaded is a fleet with what was found in it.
type loaded struct {
	fleet  *spec.Fleet // nil: it could not be loaded, so no policy was asked
	files  map[string]*hcl.File
	diags  hcl.Diagnostics
	judged policies.Outcome
	tests  *view.TestCount // nil: they were not asked for
}

// test runs the fleet's policy_test blocks.
func (l *loaded) test() {
	l.tests = &view.TestCount{}
	if l.fleet == nil {
		return
	}
	diags := policies.Tests(policies.TestInput{Fleet: l.fleet, Changes: reconcile.Changes})
	l.tests.Run, l.tests.Failed = len(l.fleet.Tests), len(diags)
	l.diags = append(l.diags, diags...)
}

// grounds are what a fleet is judged by beside itself.
type grounds struct {
	commit *spec.Commit              // that brings it; nil: there is none yet
	facts  map[string]spec.HostFacts // what directors know of their hosts
	priors []*spec.View              // that are in force now, for the rules that look at a change
}

// load reads a fleet and asks every policy.
func load(fsys fs.FS, by grounds) loaded {
	// One load and the command ends: collecting seldom halves its time. GOGC=off or more, set by the caller, stays.
	if was := debug.SetGCPercent(400); was < 0 || was > 400 {
		debug.SetGCPercent(was)
	}
	fleet, sources, diags := spec.LoadFS(fsys)
	out := loaded{fleet: fleet, files: sources.Files(), diags: diags}
	if fleet == nil {
		return out
	}
	in := policies.Input{Fleet: fleet, Facts: by.facts, Commit: by.commit}
	for _, p := range by.priors {
		if p != nil {
			in.Priors = append(in.Priors, *p)
		}
	}
	if len(in.Priors) > 0 {
		in.Changes = func() map[string][]spec.Change { return reconcile.Changes(in.Priors, fleet) }
	}
	out.judged = policies.Check(in)
	out.diags = append(out.diags, out.judged.Diags...)
	return out
}

// verdict is the exit code of the findings: a fleet that cannot be loaded is an error, one that policy forbids is refused.
func (l loaded) verdict() int {
	switch {
	case l.fleet == nil:
		return exitError
	case l.diags.HasErrors():
		return exitRefused
	}
	return exitOK
}

// accepted is an error if the fleet may not be, after its findings were printed. Mere warnings are for `validate` to show: a diff
// only says that there are some.
func (a *app) accepted(l loaded, name, validate string) error {
	if l.verdict() == exitOK {
		return a.print.Warnings(len(l.diags), "`"+validate+"` shows them")
	}
	if err := a.print.Diagnostics(l.diags, l.files); err != nil {
		return err
	}
	if l.verdict() == exitRefused {
		return &exit{code: exitRefused, cause: fmt.Errorf("fleet %s is refused by policy", name)}
	}
	return fmt.Errorf("fleet %s cannot be loaded", name)
}

// folder is the argument [DIR], the current folder without one. Symbolic links out of it are not followed.
func folder(args []string) (name string, fsys fs.FS, err error) {
	name = "."
	if len(args) > 0 {
		name = args[0]
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return name, nil, fmt.Errorf("open fleet: %w", err)
	}
	return name, root.FS(), nil
}

// chosen are the directors that --director names: one, several, or all of the fleet.
func chosen(fleet *spec.Fleet, list string) ([]string, error) {
	var all []string
	for _, d := range fleet.Directors {
		all = append(all, d.Def.Name)
	}
	if list == "" || list == everyDirector {
		return all, nil
	}
	names := strings.Split(list, ",")
	for _, name := range names {
		if !slices.Contains(all, name) {
			return nil, usagef("--director %q: the fleet declares no such director", name)
		}
	}
	return names, nil
}

func optionalFolder() cobra.PositionalArgs { return arguments(0, 1, "") }
