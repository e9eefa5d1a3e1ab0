package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/spec"
)

func (a *app) schema() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Write the reference of the fleet's HCL as markdown", Args: noArguments(),
		RunE: func(*cobra.Command, []string) error {
			if err := a.textOnly("schema"); err != nil {
				return err
			}
			return a.print.Raw([]byte(spec.SchemaReference()))
		},
	}
}
