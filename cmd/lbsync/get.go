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
			return a.watch(cmd.Context(), every, func(ctx context.Context, c *api.Client) (view.Document, int, error) {
				snapshot, stats, err := readLive(ctx, c)
				return t.document(snapshot, stats), exitOK, err
			})
		}}
		watchFlag(cmd, &every)
		if t.counts {
			cmd.Flags().BoolVar(&rate, "rate", false, "show rates per second in place of totals")
		}
		get.AddCommand(cmd)
	}
	get.AddCommand(a.getRealServers(), a.getChecks(), a.getVRRP())
	return get
}

func watchFlag(cmd *cobra.Command, every *time.Duration) {
	cmd.Flags().DurationVarP(every, "watch", "w", 0, "show it again and again: every 2s, or --watch=DURATION")
	cmd.Flags().Lookup("watch").NoOptDefVal = "2s"
}

// watch prints what is read, again and again if every is not 0.
func (a *app) watch(ctx context.Context, every time.Duration, read reading) error {
	if every < 0 {
		return usagef("--watch %v: write a duration above 0", every)
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	return a.again(ctx, every, read)
}

func (a *app) again(ctx context.Context, every time.Duration, read reading) error {
	r, err := a.reader(read)
	if err != nil {
		return err
	}
	defer r.end()
	for {
		document, code, err := r.read(ctx)
		if err != nil && ctx.Err() != nil {
			return nil // interrupted, which is how one stops watching
		}
		if err != nil {
			return err
		}
		if err := a.print.Print(document); err != nil {
			return err
		}
		if every == 0 {
			return done(code)
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
