package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lblab/gotest"
	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// testOptions are what test has beside the common options.
type testOptions struct {
	options
	race, verbose bool
	procs         int
	tags          string
}

func testCommand() *cobra.Command {
	var o testOptions
	cmd := &cobra.Command{
		Use:   "test [flags] PACKAGE... [-- TEST-FLAG...]",
		Short: "Run the tests of Go packages, all in one machine",
		Long: `Build the test binaries of the packages here and run them, all in one machine, each in its package's folder.
Flags behind -- go to the test binaries as they are: write -test.run=NAME, not -run.
The exit code is 1 when a test failed or when none ran.`,
		Args: cobra.MinimumNArgs(1),
	}
	o.flags(cmd.Flags())
	cmd.Flags().BoolVar(&o.race, "race", false, "build with the race detector; -race works too")
	cmd.Flags().BoolVarP(&o.verbose, "verbose", "v", false, "show all output, not only that of failed tests")
	cmd.Flags().IntVar(&o.procs, "gomaxprocs", 0, "GOMAXPROCS of the tests; 0 leaves it to Go")
	cmd.Flags().StringVar(&o.tags, "tags", "", "build tags, with commas")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		patterns, flags := args, []string(nil)
		if dash := cmd.ArgsLenAtDash(); dash >= 0 {
			patterns, flags = args[:dash], args[dash:]
		}
		return o.test(cmd.Context(), patterns, flags)
	}
	return cmd
}

func (o *testOptions) test(ctx context.Context, patterns, flags []string) error {
	dir, err := os.MkdirTemp(scratch, "lblab-test-")
	if err != nil {
		return fmt.Errorf("make a folder for the test binaries: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	packages, err := gotest.Build(ctx, dir, patterns, o.buildFlags(), os.Stderr)
	if err != nil {
		return err
	}
	results := results{verbose: o.verbose}
	commands, err := o.commands(results.testable(packages), flags)
	if err != nil {
		return err
	}
	if len(commands) > 0 {
		err = o.do(ctx, commands, nil, &results)
	}
	err = errors.Join(err, results.cut())
	fmt.Print(results.tally.Summary())
	if err != nil {
		return err
	}
	if !results.tally.OK() {
		return ended(1)
	}
	return nil
}

func (o *testOptions) buildFlags() []string {
	var flags []string
	if o.race {
		flags = append(flags, "-race")
	}
	if o.tags != "" {
		flags = append(flags, "-tags="+o.tags)
	}
	return flags
}

// commands gives one command for each package.
func (o *testOptions) commands(packages []gotest.Package, flags []string) ([]wire.Command, error) {
	env, err := environment(o.env, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	if o.procs > 0 {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(o.procs))
	}
	var commands []wire.Command
	for _, p := range packages {
		// -test.paniconexit0 as go test has it: a test that calls os.Exit(0) must not pass for all.
		args := append([]string{p.Binary, "-test.v=test2json", "-test.paniconexit0", "-test.timeout=10m"}, flags...)
		commands = append(commands, wire.Command{Args: args, Dir: p.Dir, Env: env})
	}
	return commands, nil
}
