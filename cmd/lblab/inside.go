package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lblab/inside"
)

// conversation is the file descriptor native passes to the inside.
const conversation = 3

// insideCommand is lblab's own half in the machine.
func insideCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:    "inside",
		Hidden: true,
		Args:   cobra.NoArgs,
	}
	port := cmd.Flags().Bool("port", false, "talk over the virtio port of a virtual machine")
	cmd.RunE = func(*cobra.Command, []string) error {
		if !*port {
			return inside.Serve(os.NewFile(conversation, "conversation"))
		}
		file, err := inside.OpenPort()
		if err != nil {
			return err
		}
		return inside.Serve(file)
	}
	return cmd
}
