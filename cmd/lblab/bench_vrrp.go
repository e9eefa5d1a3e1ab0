package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lblab/bench"
	"github.com/lbsync/lbsync/cmd/lblab/bench/page"
	"github.com/lbsync/lbsync/cmd/lblab/bench/vrrp"
	"github.com/lbsync/lbsync/cmd/lblab/debian"
)

func benchVRRPCommand() *cobra.Command {
	job := vrrp.Job{Progress: progress}
	var output string
	cmd := &cobra.Command{
		Use:   "vrrp",
		Short: "Measure lbsync's VRRP beside keepalived, and write docs/benchmarks-vrrp.md",
		Long: `Measure lbsync's engine beside Debian's keepalived here, as root, in network namespaces, and write what came of it into the folder docs of
the repository: benchmarks-vrrp.md (between its markers) and benchmarks-vrrp.json. Run it at the repository's root, after make build, on a
machine that does nothing else.`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.IntVar(&job.Rounds, "rounds", 5, "failovers, and handovers, of each case")
	f.DurationSliceVar(&job.Intervals, "intervals", []time.Duration{time.Second, 100 * time.Millisecond, 10 * time.Millisecond}, "times between advertisements")
	f.IntVar(&job.Addresses, "addresses", 1000, "virtual addresses of the cases with many")
	f.DurationVar(&job.Jitter, "jitter", time.Minute, "how long jitter is measured under each load")
	f.IntVar(&job.Instances, "instances", 1000, "instances whose cost is measured")
	f.DurationVar(&job.Cost, "cost", 10*time.Second, "how long cost is measured")
	f.DurationVar(&job.Steady, "steady", 10*time.Minute, "how long roles are held under load")
	f.StringVar(&job.Lbsync, "lbsync", "", "the lbsync to measure (the one beside lblab)")
	f.StringVar(&output, "output", "docs", "folder of benchmarks-vrrp.md and .json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return benchVRRP(cmd, job, output) }
	cmd.AddCommand(tickCommand())
	return cmd
}

// tickCommand is the bare real-time ticker, in a process of its own.
func tickCommand() *cobra.Command {
	return &cobra.Command{Use: "tick", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return vrrp.Tick(cmd.Context(), os.Stdout) }}
}

func benchVRRP(cmd *cobra.Command, job vrrp.Job, output string) error {
	if err := errors.Join(job.Check(), page.Check(output, vrrp.Page)); err != nil {
		return err
	}
	if err := (debian.Apt{Progress: progress}).Missing([]string{"keepalived"}); err != nil {
		return err
	}
	job.Keepalived = debian.Program("keepalived")
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find lblab's own program: %w", err)
	}
	job.Self = self
	if job.Lbsync == "" {
		job.Lbsync = filepath.Join(filepath.Dir(self), "lbsync")
	}
	machine, err := bench.ThisMachine(job.Lbsync, job.Keepalived)
	if err != nil {
		return err
	}
	results, err := job.Measure(cmd.Context())
	if err != nil {
		return err
	}
	results.Machine, results.Command = machine, strings.Join(append([]string{"lblab"}, os.Args[1:]...), " ")
	if err := results.WritePage(output); err != nil {
		return err
	}
	for _, f := range results.Figures() {
		fmt.Printf("%-10s %s: asked %s, measured %s\n", strings.Trim(page.Verdict(f.Reached), "*"), f.Work, f.Asked, f.Measured)
	}
	return nil
}
