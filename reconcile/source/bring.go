package source

import (
	"context"
	"errors"

	"github.com/go-git/go-git/v5/plumbing"
)

// bring receives what is missing for the wanted commit.
func (r *round) bring(ctx context.Context) error {
	a, needed := r.plan()
	if !needed {
		return nil
	}
	var d delivery
	err := r.step(ctx, "request pack from "+r.cfg.URL, func() (err error) {
		d, err = r.remote.pack(ctx, a)
		return err
	})
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	err = r.step(ctx, "receive pack from "+r.cfg.URL, func() error {
		_, err := r.disk.receive(&limited{d, r.cfg.Limits.Received}, r.cfg.Limits)
		return errors.Join(err, r.objects.reload(func() error { return nil }))
	})
	if err != nil {
		return err
	}
	r.brought = true
	return r.cutAt(d.cut)
}

// plan words the request. The first one is for the tip alone; the second for the history; later ones for what is new.
func (r *round) plan() (ask, bool) {
	a := ask{wants: r.missing(), cut: r.cut, held: r.objects.has}
	switch {
	case len(r.cut) > 0:
		a.wants, a.depth = r.want.objects, whole
	case len(a.wants) == 0:
		return ask{}, false
	case len(r.refs) == 0 && r.adv.shallow && !r.want.search:
		a.depth = 1
		return a, true
	}
	a.haves = r.haves()
	return a, true
}

// missing are the wanted objects that are not here.
func (r *round) missing() []plumbing.Hash {
	var out []plumbing.Hash
	for _, h := range r.want.objects {
		if !r.objects.has(h) {
			out = append(out, h)
		}
	}
	return out
}

// haves are what the server may build on: all names, and some way down the tracked history, because the tip may be one that a force push took away.
func (r *round) haves() []plumbing.Hash {
	const most = 128
	seen := map[plumbing.Hash]bool{}
	for _, h := range r.refs {
		if len(seen) < most {
			seen[h] = true
		}
	}
	if tip, ok := r.tip(); ok {
		for c, err := range r.walk(tip) {
			if err != nil || len(seen) >= 2*most {
				break
			}
			seen[c.Hash] = true
		}
	}
	out := make([]plumbing.Hash, 0, len(seen))
	for h := range seen {
		out = append(out, h)
	}
	return out
}

func (r *round) cutAt(cut []plumbing.Hash) error {
	if err := r.disk.writeCut(cut); err != nil {
		return fault("write shallow", err, "")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = cut
	return nil
}
