package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lblab/bench"
	"github.com/lbsync/lbsync/cmd/lblab/bench/health"
	"github.com/lbsync/lbsync/cmd/lblab/bench/page"
	"github.com/lbsync/lbsync/cmd/lblab/debian"
	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// healthOptions are what bench health has beside the common options.
type healthOptions struct {
	options
	job    health.Job
	alone  bool
	lbsync string
	output string
}

func benchHealthCommand() *cobra.Command {
	o := healthOptions{job: health.Job{Progress: progress}}
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Measure lbsync's health checks, beside keepalived's too, and write docs/benchmarks-health.md",
		Long: `Measure what lbsync's health checks cost and how soon they notice: alone here, as root, in network namespaces, and beside Debian's keepalived under
a kernel with IPVS. What came of it goes into the folder docs of the repository: benchmarks-health.md (between its markers) and
benchmarks-health.json. Run it at the repository's root, after make build, on a machine that does nothing else.`,
		Args: cobra.NoArgs,
	}
	o.flags(cmd.Flags())
	cmd.Flags().DurationVar(&o.job.Lasting, "lasting", 30*time.Second, "how long cost is measured")
	cmd.Flags().IntVar(&o.job.Beside, "beside", 2000, "checks of lbsync, and of keepalived, under the kernel with IPVS")
	cmd.Flags().BoolVar(&o.alone, "alone", false, "measure nothing beside keepalived")
	cmd.Flags().StringVar(&o.lbsync, "lbsync", "", "the lbsync whose version is written down (the one beside lblab)")
	cmd.Flags().StringVar(&o.output, "output", "docs", "folder of benchmarks-health.md and .json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return o.bench(cmd.Context()) }
	cmd.AddCommand(healthProcesses()...)
	return cmd
}

// healthProcesses are what bench health runs in processes of their own.
func healthProcesses() []*cobra.Command {
	return []*cobra.Command{
		{Use: "serve", Hidden: true, Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error { return health.Serve(os.Stdin, os.Stdout) }},
		{Use: "case CASE", Hidden: true, Args: cobra.RangeArgs(1, 2), RunE: func(cmd *cobra.Command, args []string) error { return health.RunCase(cmd.Context(), args[0], "") }},
		{Use: "keepalived CASE PROGRAM", Hidden: true, Args: cobra.ExactArgs(2), RunE: func(cmd *cobra.Command, args []string) error { return health.RunCase(cmd.Context(), args[0], args[1]) }},
		{Use: "measure FOLDER", Hidden: true, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error { return health.Measure(cmd.Context(), args[0], progress) }},
	}
}

func (o *healthOptions) bench(ctx context.Context) error {
	if err := errors.Join(o.job.Check(), page.Check(o.output, health.Page)); err != nil {
		return err
	}
	results := health.Results{Command: strings.Join(append([]string{"lblab"}, os.Args[1:]...), " ")}
	var err error
	if results.Machine, err = o.programs(); err != nil {
		return err
	}
	if results.Alone, err = o.job.Alone(ctx); err != nil {
		return err
	}
	if !o.alone {
		beside, err := o.beside(ctx)
		if err != nil {
			return err
		}
		results.Machine, results.Beside = results.Machine.In(beside.Machine), beside.Beside
	}
	if err := results.WritePage(o.output); err != nil {
		return err
	}
	for _, f := range results.Figures() {
		fmt.Printf("%-10s %s: asked %s, measured %s\n", strings.Trim(page.Verdict(f.Reached), "*"), f.Work, f.Asked, f.Measured)
	}
	return nil
}

// programs finds or installs what is measured.
func (o *healthOptions) programs() (m bench.Machine, err error) {
	if o.job.Lblab, err = os.Executable(); err != nil {
		return m, fmt.Errorf("find lblab's own program: %w", err)
	}
	if o.lbsync == "" {
		o.lbsync = filepath.Join(filepath.Dir(o.job.Lblab), "lbsync")
	}
	if !o.alone {
		if err := (debian.Apt{Progress: progress}).Missing([]string{"keepalived"}); err != nil {
			return m, err
		}
		o.job.Keepalived = debian.Program("keepalived")
	}
	return bench.ThisMachine(o.lbsync, o.job.Keepalived)
}

// beside runs the half of the job that needs IPVS.
func (o *healthOptions) beside(ctx context.Context) (r health.Results, err error) {
	dir, err := os.MkdirTemp(scratch, "lblab-bench-")
	if err != nil {
		return r, fmt.Errorf("make a folder for the benchmark: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := o.job.Prepare(dir); err != nil {
		return r, err
	}
	command, err := o.command([]string{o.job.Lblab, "bench", "health", "measure", dir})
	if err != nil {
		return r, err
	}
	o.shares = append(o.shares, dir)
	var out terminal
	if err := o.do(ctx, []wire.Command{command}, nil, &out); err != nil {
		return r, err
	}
	if out.code != 0 {
		return r, fmt.Errorf("measure: exit code %d", out.code)
	}
	return health.ReadResults(dir)
}
