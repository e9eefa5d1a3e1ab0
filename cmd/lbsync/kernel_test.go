package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lbsync/lbsync/runtime/kernel/kerneltest"
	"github.com/lbsync/lbsync/spec"
)

// fileKernel is a fake kernel that lives in a file, read anew at each call: a script may change it under a running agent, as a
// person with ipvsadm would.
type fileKernel struct{ file string }

func (k fileKernel) ObserveFull(ctx context.Context) (spec.State, error) {
	f, err := kerneltest.Open(k.file)
	if err != nil {
		return spec.State{}, err
	}
	return f.ObserveFull(ctx)
}

func (k fileKernel) ObserveFast(ctx context.Context, _ spec.State) (spec.State, error) {
	return k.ObserveFull(ctx)
}

func (k fileKernel) Apply(ctx context.Context, changes []spec.Change) []error {
	f, err := kerneltest.Open(k.file)
	if err != nil {
		errs := make([]error, len(changes))
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	return f.Apply(ctx, changes)
}

func (k fileKernel) Stats(ctx context.Context, services ...spec.ServiceKey) (spec.Stats, error) {
	f, err := kerneltest.Open(k.file)
	if err != nil {
		return spec.Stats{}, err
	}
	return f.Stats(ctx, services...)
}

// Hold does nothing: the file remembers what was set, over restarts too.
func (k fileKernel) Hold(...spec.SysctlKey) {}

func (k fileKernel) Close() error { return nil }

// kernelCommand is ipvsadm for scripts:
//
//	kernel show                                 what the kernel holds
//	kernel add 'SERVICE > ADDRESS' N            add a real server
//	kernel weight 'SERVICE > ADDRESS' N         edit a real server
//	kernel scheduler 'SERVICE' NAME             edit a service, or add it
//	kernel remove 'SERVICE'                     remove a service
//	kernel wait TEXT                            wait until what it shows has a text
func kernelCommand(ts *testscript.TestScript, _ bool, args []string) {
	k := fileKernel{ts.Getenv(kernelFile)}
	live, err := k.ObserveFull(context.Background())
	ts.Check(err)
	switch args[0] {
	case "wait":
		until(ts, func(ctx context.Context) bool {
			live, err = k.ObserveFull(ctx)
			return err == nil && strings.Contains(kerneltest.Print(live), args[1])
		}, func() string { return fmt.Sprintf("wait for %q: %v\n%s", args[1], err, kerneltest.Print(live)) })
		return
	case "show":
		_, err := ts.Stdout().Write([]byte(kerneltest.Print(live)))
		ts.Check(err)
		return
	case "add", "weight":
		var key spec.DestKey
		ts.Check(key.UnmarshalText([]byte(args[1])))
		row, _ := live.Dests.Find(key)
		after := row.Value
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		after.Weight = int32(n)
		c := spec.Change{Key: key, Action: spec.Edit, Before: row.Value, After: after}
		if args[0] == "add" {
			c.Action, c.Before = spec.Add, nil
		}
		byHand(ts, k, c)
	case "scheduler", "remove":
		key, err := spec.ParseServiceKey(args[1])
		ts.Check(err)
		row, there := live.Services.Find(key)
		c := spec.Change{Key: key, Action: spec.Remove, Before: row.Value}
		if args[0] == "scheduler" {
			after := row.Value
			after.Scheduler = args[2]
			c.Action, c.After = spec.Edit, after
			if !there {
				c.Action, c.Before = spec.Add, nil
			}
		}
		byHand(ts, k, c)
	default:
		ts.Fatalf("kernel %q is not known", args[0])
	}
}

func byHand(ts *testscript.TestScript, k fileKernel, c spec.Change) {
	ts.Check(k.Apply(context.Background(), []spec.Change{c})[0])
}
