package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

func (a *app) validate() *cobra.Command {
	var reports []string
	var seen seen
	cmd := &cobra.Command{
		Use: "validate [DIR]", Short: "Check schema and policies of a whole fleet, offline", Args: optionalFolder(),
		RunE: func(_ *cobra.Command, args []string) error {
			wanted, err := reportsOf(reports)
			if err != nil {
				return err
			}
			name, fsys, err := folder(args)
			if err != nil {
				return err
			}
			if err := seen.read(); err != nil {
				return err
			}
			l := loadSeen(fsys, seen.facts)
			if err := seen.declared(l.fleet, name); err != nil {
				return err
			}
			if !a.print.JSON {
				if err := a.print.Diagnostics(l.diags, l.files); err != nil {
					return err
				}
			}
			v := a.coverage(l)
			v.Facts, v.Unseen = seen.taken(), seen.missing
			if err := a.report(v, name, wanted); err != nil {
				return err
			}
			return done(l.verdict())
		},
	}
	cmd.Flags().StringArrayVar(&reports, "report", nil, "also for a machine, `KIND[=FILE]`: "+strings.Join(view.ReportKinds(), ", ")+"; without a file on stdout, instead of the text; may be given several times")
	cmd.Flags().StringArrayVar(&seen.files, "facts", nil, "also judge by what directors know of their hosts, `FILE`: what lbsync snapshot wrote there; may be given several times")
	return cmd
}

// coverage renders every director, so that what validate says of the fleet holds for each of them.
func (a *app) coverage(l loaded) view.Validation {
	v := view.Coverage{Rules: len(l.judged.Ran)}
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
