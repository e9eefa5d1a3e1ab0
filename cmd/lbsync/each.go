package main

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/runtime/api"
)

// reading is what a command shows of one director, and its exit code.
type reading func(context.Context, *api.Client) (view.Document, int, error)

// reader is what asks, once or again and again, and what ends that.
type reader struct {
	read func(context.Context) (view.Document, int, error)
	end  func()
}

// reader asks as --director says: one director, or several.
func (a *app) reader(read reading) (reader, error) {
	if several(a.director) {
		return a.readerOfSeveral(read)
	}
	client, err := a.agent()
	if err != nil {
		return reader{}, err
	}
	return reader{func(ctx context.Context) (view.Document, int, error) { return read(ctx, client) }, client.Close}, nil
}

func (a *app) readerOfSeveral(read reading) (reader, error) {
	f, err := a.from(a.fleet)
	if err != nil {
		return reader{}, err
	}
	names, err := f.named(a.director)
	if err != nil {
		return reader{}, err
	}
	clients, why := make([]*api.Client, len(names)), make([]error, len(names))
	for i, name := range names {
		clients[i], why[i] = f.client(name)
	}
	all := func(ctx context.Context) (view.Document, int, error) {
		out, codes := make(view.Each, len(names)), make([]int, len(names))
		var asked errgroup.Group
		for i, name := range names {
			asked.Go(func() error {
				doc, code, err := view.Document(nil), exitOK, why[i]
				if err == nil {
					doc, code, err = read(ctx, clients[i])
				}
				if err != nil {
					code = codeOf(err)
				}
				out[i], codes[i] = view.NewSection(name, doc, err), code
				return nil
			})
		}
		if err := errors.Join(asked.Wait(), ctx.Err()); err != nil {
			return nil, exitError, err
		}
		return out, worst(codes), nil
	}
	return reader{all, func() {
		for _, c := range clients {
			if c != nil {
				c.Close()
			}
		}
	}}, nil
}

// worst is the code of several directors: unreachable if one is, as nothing is known of it.
func worst(codes []int) int {
	for _, c := range []int{exitUnreachable, exitError, exitRefused, exitReverted, exitHeld, exitPending, exitDrift} {
		if slices.Contains(codes, c) {
			return c
		}
	}
	return exitOK
}
