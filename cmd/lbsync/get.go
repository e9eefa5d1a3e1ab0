package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/spec"
)

func (a *app) get() *cobra.Command {
	get := a.group("get", "Show live objects with where git declares them")
	var rate bool
	var every time.Duration
	tables := []struct {
		name, short string
		counts      bool
		document    func(spec.Snapshot, spec.Stats) view.Document
	}{
		{"services", "Show IPVS services", true, func(s spec.Snapshot, n spec.Stats) view.Document {
			d := view.NewServices(s, n)
			d.Rate = rate
			return d
		}},
		{"real-servers", "Show the real servers of each service", false, func(s spec.Snapshot, n spec.Stats) view.Document {
			return view.NewRealServers(s, n)
		}},
		{"sync", "Show sync daemons, and the timeouts and sysctls that git holds", false, func(s spec.Snapshot, _ spec.Stats) view.Document {
			return view.NewSync(s)
		}},
		{"connections", "Show how many connections each real server has", true, func(s spec.Snapshot, n spec.Stats) view.Document {
			d := view.NewConnections(s.Director, n)
			d.Rate = rate
			return d
		}},
	}
	for _, t := range tables {
		cmd := &cobra.Command{Use: t.name, Short: t.short, Args: noArguments(), RunE: func(cmd *cobra.Command, _ []string) error {
			if every < 0 {
				return usagef("--watch %v: write a duration above 0", every)
			}
			ctx, stop := untilSignal(cmd.Context())
			defer stop()
			return a.table(ctx, every, t.document)
		}}
		cmd.Flags().DurationVarP(&every, "watch", "w", 0, "show it again and again: every 2s, or --watch=DURATION")
		cmd.Flags().Lookup("watch").NoOptDefVal = "2s"
		if t.counts {
			cmd.Flags().BoolVar(&rate, "rate", false, "show rates per second in place of totals")
		}
		get.AddCommand(cmd)
	}
	return get
}

// table reads the kernel and prints what a command makes of it, again and again if every is not 0.
func (a *app) table(ctx context.Context, every time.Duration, document func(spec.Snapshot, spec.Stats) view.Document) error {
	client, err := a.agent()
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		snapshot, stats, err := readLive(ctx, client)
		if err != nil && ctx.Err() != nil {
			return nil // interrupted, which is how one stops watching
		}
		if err != nil {
			return err
		}
		if err := a.print.Print(document(snapshot, stats)); err != nil || every == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
	}
}

func readLive(ctx context.Context, client *api.Client) (spec.Snapshot, spec.Stats, error) {
	snapshot, err := client.Snapshot(ctx)
	if err != nil {
		return spec.Snapshot{}, spec.Stats{}, err
	}
	stats, err := client.Stats(ctx)
	return snapshot, stats, err
}
