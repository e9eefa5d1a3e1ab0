package main

import (
	"context"
	"errors"
	"fmt"
)

// liveAfar asks one director of the fleet in a folder, or all, at their endpoints.
func (a *app) liveAfar(ctx context.Context, dir, director string) (baseline, error) {
	f, err := a.from(dir)
	if err != nil {
		return baseline{}, err
	}
	if director != everyDirector {
		return f.live(ctx, director)
	}
	out := baseline{what: "The fleet's directors", starts: map[string]start{}}
	for _, d := range f.directors {
		b, err := f.live(ctx, d.Name)
		if err != nil {
			out.unread = errors.Join(out.unread, fmt.Errorf("%s: %w", d.Name, err))
			continue
		}
		out.starts[d.Name] = b.starts[d.Name]
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
