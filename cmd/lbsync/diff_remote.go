package main

import (
	"context"
	"errors"
	"fmt"
)

// liveAfar asks directors of the fleet in a folder, as --director names them, at their endpoints.
func (a *app) liveAfar(ctx context.Context, dir, director string) (baseline, error) {
	f, err := a.from(dir)
	if err != nil {
		return baseline{}, err
	}
	if !several(director) {
		return f.live(ctx, director)
	}
	names, err := f.named(director)
	if err != nil {
		return baseline{}, err
	}
	out := baseline{what: "The fleet's directors", starts: map[string]start{}}
	for _, name := range names {
		b, err := f.live(ctx, name)
		if err != nil {
			out.unread = errors.Join(out.unread, fmt.Errorf("%s: %w", name, err))
			continue
		}
		out.starts[name] = b.starts[name]
	}
	if len(out.starts) == 0 {
		return baseline{}, out.unread
	}
	return out, nil
}

func (f *afar) live(ctx context.Context, director string) (baseline, error) {
	client, err := f.client(director)
	if err != nil {
		return baseline{}, err
	}
	defer client.Close()
	return ofAgent(ctx, client, director)
}
