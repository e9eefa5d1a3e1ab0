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

// reader asks as --director says: one director, or all of the fleet.
func (a *app) reader(read reading) (reader, error) {
	if a.director == everyDirector {
		return a.readerOfAll(read)
	}
	client, err := a.agent()
	if err != nil {
		return reader{}, err
	}
	return reader{func(ctx context.Context) (view.Document, int, error) { return read(ctx, client) }, client.Close}, nil
}

func (a *app) readerOfAll(read reading) (reader, error) {
	f, err := a.from(a.fleet)
	if err != nil {
		return reader{}, err
	}
	clients := make([]*api.Client, len(f.directors))
	why := make([]error, len(f.directors))
	for i, d := range f.directors {
		clients[i], why[i] = f.client(d.Name)
	}
	all := func(ctx context.Context) (view.Document, int, error) {
		out, codes := make(view.Each, len(clients)), make([]int, len(clients))
		var asked errgroup.Group
		for i, d := range f.directors {
			asked.Go(func() error {
				doc, code, err := view.Document(nil), exitOK, why[i]
				if err == nil {
					doc, code, err = read(ctx, clients[i])
				}
				if err != nil {
					code = codeOf(err)
				}
				out[i], codes[i] = view.NewSection(d.Name, doc, err), code
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
