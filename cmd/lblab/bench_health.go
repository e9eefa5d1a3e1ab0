package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lblab/bench/health"
)

func benchHealthCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "health", Args: cobra.NoArgs}
	cmd.AddCommand(
		&cobra.Command{Use: "serve", Hidden: true, Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error { return health.Serve(os.Stdin, os.Stdout) }},
		&cobra.Command{Use: "case JSON", Hidden: true, Args: cobra.ExactArgs(1), RunE: runHealthCase},
	)
	return cmd
}

// runHealthCase is one case in a process of its own, so that its cost is not another's.
func runHealthCase(cmd *cobra.Command, args []string) error {
	var c health.Case
	if err := json.Unmarshal([]byte(args[0]), &c); err != nil {
		return fmt.Errorf("read a case: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find lblab's own program: %w", err)
	}
	m, err := c.Run(cmd.Context(), self)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}
