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
	"github.com/lbsync/lbsync/cmd/lblab/bench/page"
	"github.com/lbsync/lbsync/cmd/lblab/debian"
	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// benchOptions are what bench has beside the common options.
type benchOptions struct {
	options
	job    bench.Job
	output string
}

func benchCommand() *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure lbsync beside keepalived, and write docs/benchmarks.md",
		Long: `Measure lbsync beside Debian's keepalived under the same kernel, and write what came of it into the folder docs of the repository:
benchmarks.md (between its markers), benchmarks.svg and benchmarks.json. Run it at the repository's root, after make build.`,
		Args: cobra.NoArgs,
	}
	o.flags(cmd.Flags())
	// Five rounds take about ten minutes on an idle machine.
	o.timeout = 2 * time.Hour
	cmd.Flags().Lookup("timeout").DefValue = o.timeout.String()
	cmd.Flags().IntSliceVar(&o.job.Sizes, "sizes", []int{200, 1000, 4000}, "numbers of services, with 10 real servers each; rising")
	cmd.Flags().IntVar(&o.job.Rounds, "rounds", 5, "how often each measurement is made")
	cmd.Flags().StringVar(&o.job.Lbsync, "lbsync", "", "the lbsync to measure (the one beside lblab)")
	cmd.Flags().StringVar(&o.output, "output", "docs", "folder of benchmarks.md, .svg and .json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return o.bench(cmd.Context()) }
	cmd.AddCommand(measureCommand(), benchVRRPCommand(), benchSyncCommand(), benchHealthCommand())
	return cmd
}

// measureCommand is bench's own half in the machine.
func measureCommand() *cobra.Command {
	return &cobra.Command{
		Use: "measure FOLDER", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return bench.Measure(cmd.Context(), args[0], os.Stderr) },
	}
}

func (o *benchOptions) bench(ctx context.Context) error {
	if err := errors.Join(o.job.Check(), page.Check(o.output, bench.Page), o.programs()); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(scratch, "lblab-bench-")
	if err != nil {
		return fmt.Errorf("make a folder for the benchmark: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	native, err := o.native(ctx)
	if err != nil {
		return err
	}
	measured, err := o.inside(ctx, dir)
	if err != nil {
		return err
	}
	results := measured.With(native)
	results.Command = strings.Join(append([]string{"lblab"}, os.Args[1:]...), " ")
	if err := results.WritePage(o.output); err != nil {
		return err
	}
	fmt.Print(results.Figures())
	return nil
}

// programs finds or installs what is measured.
func (o *benchOptions) programs() error {
	apt := debian.Apt{Progress: progress}
	if err := apt.Missing([]string{"keepalived", "git"}); err != nil {
		return err
	}
	o.job.Keepalived = debian.Program("keepalived")
	if o.job.Lbsync == "" {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find lblab's own program: %w", err)
		}
		o.job.Lbsync = filepath.Join(filepath.Dir(self), "lbsync")
	}
	path, err := filepath.Abs(o.job.Lbsync)
	if err != nil {
		return fmt.Errorf("find lbsync: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("find lbsync: %w; run make build, or name it with --lbsync", err)
	}
	o.job.Lbsync = path
	return nil
}

// native is what needs no IPVS.
func (o *benchOptions) native(ctx context.Context) (r bench.Results, err error) {
	progress("measuring load and diff here")
	if r.Machine, err = bench.ThisMachine(o.job.Lbsync, o.job.Keepalived); err != nil {
		return r, err
	}
	if r.Load, err = bench.Validate(ctx, o.job.Lbsync, o.job.Rounds); err != nil {
		return r, err
	}
	r.Diff, err = bench.DiffBenchmark(ctx, ".", o.job.Rounds)
	return r, err
}

// inside runs the job under a kernel with IPVS.
func (o *benchOptions) inside(ctx context.Context, dir string) (bench.Results, error) {
	if err := o.job.Prepare(ctx, dir); err != nil {
		return bench.Results{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return bench.Results{}, fmt.Errorf("find lblab's own program: %w", err)
	}
	command, err := o.command([]string{self, "bench", "measure", dir})
	if err != nil {
		return bench.Results{}, err
	}
	o.shares = append(o.shares, dir)
	var out terminal
	if err := o.do(ctx, []wire.Command{command}, nil, &out); err != nil {
		return bench.Results{}, err
	}
	if out.code != 0 {
		return bench.Results{}, fmt.Errorf("measure: exit code %d", out.code)
	}
	return bench.ReadResults(dir)
}
