package source

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"github.com/go-git/go-git/v5/plumbing"
)

// round is one Fetch.
type round struct {
	*Mirror
	remote remote
	secret string // masked in errors
	adv    advert
	want   target
	// brought says that objects came.
	brought bool
}

// mostReady is how many bytes of files a fetch leaves in memory for whoever reads the commit.
const mostReady = 16 << 20

func (r *round) run(ctx context.Context) (Commit, error) {
	if c, ok := r.pinned(); ok {
		return c, nil
	}
	release, err := r.disk.lock()
	if err != nil {
		return Commit{}, fault("lock mirror", err, "")
	}
	defer release()
	if err := r.ask(ctx); err != nil {
		return Commit{}, err
	}
	defer func() { _ = r.remote.Close() }()
	if err := r.repair(); err != nil {
		return Commit{}, err
	}
	if err := r.bring(ctx); err != nil {
		return Commit{}, err
	}
	return r.keep(ctx)
}

// pinned spares the network when the tracked commit is here with its history: a commit never changes.
func (r *round) pinned() (Commit, bool) {
	if r.cfg.Commit == "" || len(r.cut) > 0 || r.objects.damage() != nil {
		return Commit{}, false
	}
	r.begin("read commit " + r.cfg.Commit)
	return r.Tip()
}

// step runs one call of the round under its name.
func (r *round) step(ctx context.Context, call string, f func() error) error {
	r.begin(call)
	err := f()
	if err != nil && ctx.Err() != nil {
		// The context closes connections: what they report then is an effect.
		err = ctx.Err()
	}
	return fault(call, err, r.secret)
}

// ask connects, lists what the server has and picks what is tracked.
func (r *round) ask(ctx context.Context) error {
	err := r.step(ctx, "connect to "+r.cfg.URL, func() (err error) {
		r.remote, r.secret, err = dial(ctx, r.cfg, r.ep)
		return err
	})
	if err != nil {
		return err
	}
	err = r.step(ctx, "list refs of "+r.cfg.URL, func() (err error) {
		r.adv, err = r.remote.refs(ctx)
		return err
	})
	if err == nil {
		r.want, err = pick(r.cfg, r.adv)
	}
	if err != nil {
		_ = r.remote.Close()
	}
	return err
}

// repair gives up a damaged mirror, or one that was deleted under the process. It comes after the server has answered: until then even a damaged mirror is better than none.
func (r *round) repair() error {
	if r.disk.gone() {
		r.objects.setDamage(damage("read mirror "+r.cfg.Dir, errors.New("it was deleted")))
	}
	if r.objects.damage() == nil {
		return nil
	}
	const call = "move the damaged mirror away"
	r.begin(call)
	var moved string
	err := r.objects.reload(func() (err error) {
		if moved, err = r.disk.moveAway(); err == nil {
			_, err = r.disk.create(r.cfg.URL)
		}
		return err
	})
	if err != nil {
		return &Error{Call: call, Kind: ErrDisk, Cause: err, Remedy: "move " + r.cfg.Dir + " away by hand"}
	}
	r.objects.setDamage(nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refs, r.cut, r.status.Moved = refTable{}, nil, moved
	return nil
}

// keep checks the wanted commit and makes it the tip.
func (r *round) keep(ctx context.Context) (Commit, error) {
	r.begin("check what came from " + r.cfg.URL)
	h, err := r.tracked()
	if err != nil {
		return Commit{}, err
	}
	c, err := r.commit(h)
	if err != nil {
		return Commit{}, err
	}
	files, err := r.complete(h)
	if err != nil {
		return Commit{}, err
	}
	if r.brought {
		// While a fetch runs beside everything else, rather than when the commit is waited for.
		r.objects.prepare(files, mostReady)
	}
	err = r.step(ctx, "write refs of mirror", func() error { return r.name(h) })
	if err != nil {
		return Commit{}, err
	}
	return c, r.step(ctx, "merge packs of mirror", r.merge)
}

// merge keeps the number of packs bounded. An object that cannot be read for it is damage, as it would be for a reader.
func (r *round) merge() error {
	err := r.mergePacks()
	if err == nil || is(syscall.ENOSPC)(err) || as[*fs.PathError](err) {
		return err
	}
	err = damage("merge packs of mirror "+r.cfg.Dir, err)
	r.objects.setDamage(err)
	return err
}

// tracked is the commit that the picked object leads to.
func (r *round) tracked() (plumbing.Hash, error) {
	if r.cfg.Commit == "" {
		return r.peel(r.want.objects[0])
	}
	h := plumbing.NewHash(r.cfg.Commit)
	if !r.objects.has(h) {
		return h, &Error{Call: "find commit " + r.cfg.Commit + " in " + r.cfg.URL, Kind: ErrNoCommit, Remedy: "no branch and no tag contains it: check the id"}
	}
	return h, nil
}

// name writes down the names whose objects are here: tags of the history come for free, others stay unknown.
func (r *round) name(tip plumbing.Hash) error {
	refs := refTable{}
	for name, h := range r.adv.refs {
		for _, candidate := range []plumbing.Hash{h, r.adv.commit(name)} {
			if r.objects.has(candidate) {
				refs[name] = candidate
				break
			}
		}
	}
	if err := errors.Join(r.disk.writeRefs(refs), r.disk.writeHead(r.cfg.ref(), tip)); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refs = refs
	return nil
}
