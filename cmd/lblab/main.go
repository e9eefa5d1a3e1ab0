// Command lblab runs commands and tests under a kernel that has IPVS: the running one, or a small virtual machine.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes of lblab itself; any other is the command's.
const (
	exitTimeout     = 124 // as timeout(1)
	exitLab         = 125 // the lab could not do its part, as docker run
	exitInterrupted = 130 // ended by a signal to lblab itself
)

func main() {
	// QEMU dies with the thread that starts it: see vm.Boot.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	cmd := root()
	cmd.SetArgs(longRace(os.Args[1:]))
	code := execute(ctx, cmd)
	stop()
	os.Exit(code)
}

// ended is how a command's own exit code travels up; it is no failure of the lab.
type ended int

func (e ended) Error() string {
	return fmt.Sprintf("the command ended with %d", int(e))
}

func execute(ctx context.Context, cmd *cobra.Command) int {
	err := cmd.ExecuteContext(ctx)
	var code ended
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(os.Stderr, "lblab: %v\n", err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return exitTimeout
	case ctx.Err() != nil:
		return exitInterrupted
	}
	return exitLab
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "lblab",
		Short:         "Run commands and tests under a kernel that has IPVS",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.AddCommand(runCommand(), testCommand(), topologyCommand(), setupCommand(), checkCommand(), benchCommand(), insideCommand(), echoCommand(), trafficCommand())
	return cmd
}

// longRace lets people write -race as for go test, where the flag parser wants --race.
func longRace(args []string) []string {
	var out []string
	for i, arg := range args {
		if arg == "--" {
			return append(out, args[i:]...)
		}
		if arg == "-race" {
			arg = "--race"
		}
		out = append(out, arg)
	}
	return out
}
