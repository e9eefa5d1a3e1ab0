package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

type validateFlags struct {
	reports []string
	base    string
	seen    seen
	tests   bool
}

func (a *app) validate() *cobra.Command {
	var f validateFlags
	cmd := &cobra.Command{
		Use: "validate [DIR]", Short: "Check schema and policies of a whole fleet, offline", Args: optionalFolder(),
		Long: "Check schema and policies of a whole fleet, offline.\n\n" +
			"Some rules judge a change: what it removes, and how much of it at once. They need --base, the fleet before: another folder, or a\n" +
			"revision of the git work tree that DIR is in. In CI that is the branch to merge into.\n\n" +
			exitHelp(exitOK, exitError, exitRefused, exitUsage),
		RunE: func(_ *cobra.Command, args []string) error { return a.runValidate(args, f) },
	}
	cmd.Flags().StringVar(&f.base, "base", "", "the fleet before the change, `DIR|rev:REV`, for the rules that judge a change")
	cmd.Flags().StringArrayVar(&f.reports, "report", nil, "also for a machine, `KIND[=FILE]`: "+strings.Join(view.ReportKinds(), ", ")+"; without a file on stdout, instead of the text; may be given several times")
	cmd.Flags().StringArrayVar(&f.seen.files, "facts", nil, "also judge by what directors know of their hosts: a file that lbsync snapshot wrote; may be given again")
	cmd.Flags().BoolVar(&f.tests, "test", false, "also run the fleet's policy_test blocks; one that is not as expected is a refusal (3)")
	return cmd
}

func (a *app) runValidate(args []string, f validateFlags) error {
	wanted, err := reportsOf(f.reports)
	if err != nil {
		return err
	}
	name, fsys, err := folder(args)
	if err != nil {
		return err
	}
	priors, err := a.priors(name, f.base)
	if err != nil {
		return err
	}
	if err := f.seen.read(); err != nil {
		return err
	}
	l := load(fsys, grounds{commit: commitOf(name, fsys).brings(), facts: f.seen.facts, priors: priors})
	if err := f.seen.declared(l.fleet, name); err != nil {
		return err
	}
	if f.tests {
		l.test()
	}
	if !a.print.JSON {
		if err := a.print.Diagnostics(l.diags, l.files); err != nil {
			return err
		}
	}
	v := a.coverage(l)
	v.Facts, v.Unseen = f.seen.taken(), f.seen.missing
	if err := a.report(v, name, wanted); err != nil {
		return err
	}
	return done(l.verdict())
}

// coverage renders every director, so that what validate says of the fleet holds for each of them.
func (a *app) coverage(l loaded) view.Validation {
	v := view.Coverage{Rules: len(l.judged.Ran), Tests: l.tests}
	for _, r := range l.judged.Ran {
		v.Judged = append(v.Judged, view.JudgedRule{Name: r.Rule, Level: r.Level.String(), Meaning: r.Meaning})
	}
	for _, s := range l.judged.Skipped {
		v.Skipped = append(v.Skipped, view.SkippedRule{Rule: s.Rule, Why: s.Why})
	}
	if l.fleet == nil {
		for _, p := range policies.All() {
			v.Skipped = append(v.Skipped, view.SkippedRule{Rule: p.Name(), Why: "the fleet could not be loaded"})
		}
		return view.NewValidation(v, l.diags)
	}
	v.Clusters = len(l.fleet.Clusters)
	for _, d := range l.fleet.Directors {
		if view, ok := l.fleet.Director(d.Def.Name); ok {
			reconcile.Want(view, spec.Facts{Now: a.now()})
			v.Directors++
		}
	}
	return view.NewValidation(v, l.diags)
}
