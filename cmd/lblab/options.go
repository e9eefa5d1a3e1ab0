package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// options are what run and test have in common.
type options struct {
	size     size
	timeout  time.Duration
	shares   []string
	env      []string
	topology string // file
	vm       bool
}

func (o *options) flags(f *pflag.FlagSet) {
	f.IntVar(&o.size.memory, "memory", 2048, "memory of the virtual machine in MB")
	f.IntVar(&o.size.cpus, "cpus", 2, "processors of the virtual machine")
	f.DurationVar(&o.timeout, "timeout", 30*time.Minute, "end everything after this time, with exit code 124")
	f.StringArrayVar(&o.shares, "share", nil, "directory that is writable inside, at the same path (repeatable)")
	f.StringArrayVar(&o.env, "env", nil, "environment variable to pass on, NAME or NAME=VALUE (repeatable)")
	f.StringVar(&o.topology, "topology", "", "file of nodes and segments to build first (see lblab topology)")
	f.BoolVar(&o.vm, "vm", false, "use a virtual machine even where the running kernel has IPVS")
}

// command runs args where the caller stands, with the caller's PATH and HOME.
func (o *options) command(args []string) (wire.Command, error) {
	dir, err := os.Getwd()
	if err != nil {
		return wire.Command{}, fmt.Errorf("find the working directory: %w", err)
	}
	env, err := environment(o.env, os.LookupEnv)
	if err != nil {
		return wire.Command{}, err
	}
	return wire.Command{Args: args, Dir: dir, Env: env}, nil
}

// do runs commands under a kernel with IPVS.
func (o *options) do(ctx context.Context, commands []wire.Command, stdin io.Reader, to sink) error {
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("no end after %s: %w", o.timeout, context.DeadlineExceeded))
	defer cancel()
	job := wire.Job{Commands: commands}
	if o.topology != "" {
		t, err := readTopology(o.topology)
		if err != nil {
			return err
		}
		job.Topology = t.Plan()
	}
	err := o.where(ctx, job, stdin, to)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (o *options) where(ctx context.Context, job wire.Job, stdin io.Reader, to sink) error {
	shares, err := absolute(o.shares)
	if err != nil {
		return err
	}
	if !o.vm {
		found, err := hasIPVS()
		if err != nil {
			return err
		}
		if found && os.Geteuid() == 0 {
			return native(ctx, job, stdin, to)
		}
	}
	return emulated(ctx, o.size, shares, job, stdin, to)
}

// absolute checks the shares; a missing one would fail inside QEMU with less of an explanation.
func absolute(shares []string) ([]string, error) {
	var all []string
	for _, dir := range shares {
		path, err := filepath.Abs(dir)
		if err != nil {
			return nil, fmt.Errorf("share %s: %w", dir, err)
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("share %s: %w", dir, err)
		}
		if !info.IsDir() {
			return nil, fmt.Errorf("share %s: it is no directory; share the one it is in", dir)
		}
		all = append(all, path)
	}
	return all, nil
}
