package main

import (
	"context"
	"errors"
	"net"

	"golang.org/x/sync/errgroup"

	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/spec"
)

// listeners are where an agent answers.
type listeners struct {
	socket  net.Listener
	metrics net.Listener // nil: nobody may scrape over TCP
}

// listen opens what the configuration names. A port that is taken is an error at the start, not a gap that is found in a graph.
func listen(cfg *spec.AgentConfig) (*listeners, error) {
	socket, err := api.Listen(cfg.Socket)
	if err != nil {
		return nil, err
	}
	l := &listeners{socket: socket}
	if cfg.Metrics == "" {
		return l, nil
	}
	if l.metrics, err = api.ListenMetrics(cfg.Metrics); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return l, nil
}

func (l *listeners) close() error {
	if l.metrics == nil {
		return l.socket.Close()
	}
	return errors.Join(l.socket.Close(), l.metrics.Close())
}

// serve answers until ctx ends; when one listener fails it calls stop, which has to end ctx.
func (l *listeners) serve(ctx context.Context, stop context.CancelFunc, h api.Handler) error {
	var both errgroup.Group
	answer := func(l net.Listener, serve func(context.Context, net.Listener, api.Handler) error) {
		both.Go(func() error {
			defer stop()
			return serve(ctx, l, h)
		})
	}
	answer(l.socket, api.Serve)
	if l.metrics != nil {
		answer(l.metrics, api.ServeMetrics)
	}
	return both.Wait()
}
