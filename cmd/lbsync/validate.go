package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

func (a *app) validate() *cobra.Command {
	return &cobra.Command{
		Use: "validate [DIR]", Short: "Check schema and policies of a whole fleet, offline", Args: optionalFolder(),
		RunE: func(_ *cobra.Command, args []string) error {
			_, fsys, err := folder(args)
			if err != nil {
				return err
			}
			l := load(fsys)
			if !a.print.JSON {
				if err := a.print.Diagnostics(l.diags, l.files); err != nil {
					return err
				}
			}
			if err := a.print.Print(a.coverage(l)); err != nil {
				return err
			}
			return done(l.verdict())
		},
	}
}

// coverage renders every director, so that what validate says of the fleet holds for each of them.
func (a *app) coverage(l loaded) view.Validation {
	rules := len(policies.All())
	if l.fleet == nil {
		return view.NewValidation(0, 0, 0, rules, l.diags)
	}
	rendered := 0
	for _, d := range l.fleet.Directors {
		if v, ok := l.fleet.Director(d.Def.Name); ok {
			reconcile.Want(v, spec.Facts{Now: a.now()})
			rendered++
		}
	}
	return view.NewValidation(len(l.fleet.Clusters), rendered, rules, 0, l.diags)
}
