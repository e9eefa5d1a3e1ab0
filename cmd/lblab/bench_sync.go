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
	"github.com/lbsync/lbsync/cmd/lblab/bench/sync"
	"github.com/lbsync/lbsync/cmd/lblab/debian"
	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// syncOptions are what bench sync has beside the common options.
type syncOptions struct {
	options
	job       sync.Job
	failovers []string
	output    string
}

func benchSyncCommand() *cobra.Command {
	var o syncOptions
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Count the connections lost over changes with a failover after each, and write docs/benchmarks-sync.md",
		Long: `Count the connections that two directors lose over changes with a failover after each, under a kernel with IPVS, and write what came of it into
the folder docs of the repository: benchmarks-sync.md (between its markers) and benchmarks-sync.json. Run it at the repository's root, after
make build.`,
		Args: cobra.NoArgs,
	}
	o.flags(cmd.Flags())
	cmd.Flags().IntVar(&o.job.Connections, "connections", 1000, "connections before each change: of ten, four active, three idle, three young")
	cmd.Flags().StringSliceVar(&o.job.Cases, "cases", nil, "names of changes, all if not given")
	cmd.Flags().StringSliceVar(&o.failovers, "failovers", []string{string(sync.Handover), string(sync.Crash)}, "how the role moves after a change; without --cases a crash follows some of them only")
	cmd.Flags().Uint64Var(&o.job.Seed, "seed", 1, "of the moments that are random")
	cmd.Flags().StringVar(&o.job.Lbsync, "lbsync", "", "the lbsync to measure (the one beside lblab)")
	cmd.Flags().StringVar(&o.output, "output", "docs", "folder of benchmarks-sync.md and .json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return o.bench(cmd.Context()) }
	cmd.AddCommand(&cobra.Command{
		Use: "measure FOLDER", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return sync.Measure(cmd.Context(), args[0], progress) },
	})
	return cmd
}

func (o *syncOptions) bench(ctx context.Context) error {
	for _, f := range o.failovers {
		o.job.Failovers = append(o.job.Failovers, sync.Failover(f))
	}
	if err := errors.Join(o.job.Check(), page.Check(o.output, sync.Page)); err != nil {
		return err
	}
	machine, err := o.programs()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(scratch, "lblab-bench-")
	if err != nil {
		return fmt.Errorf("make a folder for the benchmark: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	results, err := o.inside(ctx, dir)
	if err != nil {
		return err
	}
	results.Machine = machine.In(results.Machine)
	results.Command = strings.Join(append([]string{"lblab"}, os.Args[1:]...), " ")
	return results.WritePage(o.output)
}

// programs finds or installs what the machine needs.
func (o *syncOptions) programs() (m bench.Machine, err error) {
	if err := (debian.Apt{Progress: progress}).Missing([]string{"ipvsadm", "git"}); err != nil {
		return m, err
	}
	o.job.IPVSAdm = debian.Program("ipvsadm")
	if o.job.Lblab, err = os.Executable(); err != nil {
		return m, fmt.Errorf("find lblab's own program: %w", err)
	}
	if o.job.Lbsync == "" {
		o.job.Lbsync = filepath.Join(filepath.Dir(o.job.Lblab), "lbsync")
	}
	if o.job.Lbsync, err = filepath.Abs(o.job.Lbsync); err != nil {
		return m, fmt.Errorf("find lbsync: %w", err)
	}
	return bench.ThisMachine(o.job.Lbsync, "")
}

// inside runs the job under a kernel with IPVS.
func (o *syncOptions) inside(ctx context.Context, dir string) (r sync.Results, err error) {
	if o.topology, err = o.job.Prepare(dir); err != nil {
		return r, err
	}
	command, err := o.command([]string{o.job.Lblab, "bench", "sync", "measure", dir})
	if err != nil {
		return r, err
	}
	o.shares = append(o.shares, dir)
	began := time.Now()
	var out terminal
	if err := o.do(ctx, []wire.Command{command}, nil, &out); err != nil {
		return r, err
	}
	if out.code != 0 {
		return r, fmt.Errorf("measure: exit code %d", out.code)
	}
	progress(fmt.Sprintf("all of it took %s", time.Since(began).Round(time.Second)))
	return sync.ReadResults(dir)
}
