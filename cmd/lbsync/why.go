package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/spec"
)

// recalled is how far back the journal is read, and how many of the newest records are shown.
const (
	recalled    = 7 * 24 * time.Hour
	mostRecalls = 10
)

func (a *app) why() *cobra.Command {
	group := a.group("why", "Say why a service or a real server is as it is: git, checks, drains, overrides, and what the journal has of it")
	group.AddCommand(
		a.whyOf("real-server KEY", "Say why a real server has its weight, or is not there",
			"KEY is \"tcp 192.0.2.100:80 > 192.0.2.21:80\", or 192.0.2.21:80 for all services that have it.", a.whyRealServer),
		a.whyOf("service KEY", "Say why a service is as it is, and which real servers are not as git has them", "KEY is \"tcp 192.0.2.100:80\" or \"fwmark 7 ipv4\".", a.whyService))
	return group
}

// answer is why an object is as it is.
type answer func(ctx context.Context, c *api.Client, k view.Known, key string, back time.Duration) ([]view.WhyObject, error)

func (a *app) whyOf(use, short, key string, of answer) *cobra.Command {
	var back time.Duration
	cmd := &cobra.Command{
		Use: use, Short: short, Args: arguments(1, 1, "the object: KEY"), Long: short + ".\n\n" + key + "\n\n" + exitHelp(exitOK, exitError, exitUnreachable, exitUsage),
		RunE: func(cmd *cobra.Command, args []string) error {
			if back < 0 {
				return usagef("--since %v: write a duration from 0", back)
			}
			return a.again(cmd.Context(), 0, func(ctx context.Context, c *api.Client) (view.Document, int, error) {
				k, err := readKnown(ctx, c)
				if err != nil {
					return nil, exitOK, err
				}
				objects, err := of(ctx, c, k, args[0], back)
				return view.NewWhy(k, a.now(), objects...), exitOK, err
			})
		},
	}
	cmd.Flags().DurationVar(&back, "since", recalled, "how far back the journal is read")
	return cmd
}

func readKnown(ctx context.Context, c *api.Client) (k view.Known, err error) {
	if k.Snapshot, err = c.Snapshot(ctx); err != nil {
		return k, err
	}
	if k.Status, err = c.Status(ctx); err != nil {
		return k, err
	}
	k.Checks, err = c.Checks(ctx)
	return k, err
}

func (a *app) whyRealServer(ctx context.Context, c *api.Client, k view.Known, key string, back time.Duration) ([]view.WhyObject, error) {
	keys := k.RealServersAt(key)
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s has no real server %s: neither git nor the kernel; lbsync audit show --object %q has what was", k.Snapshot.Director, key, key)
	}
	var out []view.WhyObject
	for _, one := range keys {
		records, err := a.recall(ctx, c, one.String(), back)
		if err != nil {
			return nil, err
		}
		out = append(out, view.WhyRealServer(k, one, records, a.now()))
	}
	return out, nil
}

func (a *app) whyService(ctx context.Context, c *api.Client, k view.Known, key string, back time.Duration) ([]view.WhyObject, error) {
	one, err := spec.ParseServiceKey(key)
	if err != nil {
		return nil, usagef("%w", err)
	}
	if !k.HasService(one) {
		return nil, fmt.Errorf("%s has no service %s: neither git nor the kernel; lbsync audit show --object %q has what was", k.Snapshot.Director, key, key)
	}
	records, err := a.recall(ctx, c, one.String(), back)
	return []view.WhyObject{view.WhyService(k, one, records, a.now())}, err
}

// recall reads the newest records of one object.
func (a *app) recall(ctx context.Context, c *api.Client, key string, back time.Duration) ([]journal.Record, error) {
	out := []journal.Record{}
	err := recordsAfar(ctx, c, spec.RecordQuery{Object: key, Since: a.now().Add(-back)}, func(line string) error {
		var r journal.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return fmt.Errorf("read record: %w; is the director of a newer version? audit export shows it as it stands", err)
		}
		if r.Key == key {
			out = append(out, r)
		}
		if len(out) > mostRecalls {
			out = out[1:]
		}
		return nil
	})
	return out, err
}
