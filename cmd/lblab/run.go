package main

import (
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

func runCommand() *cobra.Command {
	var o options
	var interactive bool
	cmd := &cobra.Command{
		Use:   "run [flags] -- COMMAND [ARG...]",
		Short: "Run a command; its exit code is lblab's",
		Args:  cobra.MinimumNArgs(1),
	}
	o.flags(cmd.Flags())
	// Flags after the command are the command's.
	cmd.Flags().SetInterspersed(false)
	cmd.Flags().BoolVarP(&interactive, "interactive", "i", false, "pass standard input on to the command")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var stdin io.Reader
		if interactive {
			stdin = os.Stdin
		}
		command, err := o.command(args)
		if err != nil {
			return err
		}
		var out terminal
		if err := o.do(cmd.Context(), []wire.Command{command}, stdin, &out); err != nil {
			return err
		}
		if out.code != 0 {
			return ended(out.code)
		}
		return nil
	}
	return cmd
}

// terminal passes the output of one command on.
type terminal struct{ code int }

func (t *terminal) Output(_ int, kind wire.Kind, data []byte) error {
	to := os.Stdout
	if kind == wire.Stderr {
		to = os.Stderr
	}
	_, err := to.Write(data)
	return err
}

func (t *terminal) Exit(_, code int, _ time.Duration) error {
	t.code = code
	return nil
}
