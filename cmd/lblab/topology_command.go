package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lblab/topology"
)

func topologyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "topology FILE",
		Short: "Check a topology and print the commands that build it",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			t, err := readTopology(args[0])
			if err != nil {
				return err
			}
			for _, batch := range t.Plan() {
				fmt.Print(batch)
			}
			return nil
		},
	}
}

func readTopology(file string) (topology.Topology, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return topology.Topology{}, fmt.Errorf("read the topology: %w", err)
	}
	return topology.Parse(file, string(text))
}
