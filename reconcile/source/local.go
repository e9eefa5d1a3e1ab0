package source

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// localRemote reads a repository on this machine directly: go-git's file transport would run the git program, which a director need not have.
type localRemote struct {
	repo *git.Repository
	sto  *filesystem.Storage
}

var errNotHere = fmt.Errorf("%w on this machine", transport.ErrRepositoryNotFound)

func openLocal(path string) (*localRemote, error) {
	// A linked work tree has a file .git and keeps its objects in the common folder.
	found, err := git.PlainOpenWithOptions(path, &git.PlainOpenOptions{EnableDotGitCommonDir: true})
	if errors.Is(err, git.ErrRepositoryNotExists) {
		return nil, fmt.Errorf("%w: %s", errNotHere, path)
	}
	if err != nil {
		return nil, err
	}
	if cut, err := found.Storer.Shallow(); err != nil || len(cut) > 0 {
		return nil, &Error{Call: "open repository " + path, Kind: ErrShallow, Cause: err, Remedy: "it is a shallow clone itself: run git fetch --unshallow in it"}
	}
	// PlainOpen knows the layouts, but its storage caches up to 96 MiB.
	sto := openStorage(found.Storer.(*filesystem.Storage).Filesystem(), false)
	repo, err := git.Open(sto, nil)
	return &localRemote{repo, sto}, err
}

func (l *localRemote) refs(context.Context) (advert, error) {
	a := advert{refs: map[plumbing.ReferenceName]plumbing.Hash{}, peeled: map[plumbing.ReferenceName]plumbing.Hash{}, shallow: true, anyID: true}
	all, err := l.repo.References()
	if err != nil {
		return a, err
	}
	err = all.ForEach(func(r *plumbing.Reference) error {
		if r.Type() != plumbing.HashReference || !(r.Name().IsBranch() || r.Name().IsTag()) {
			return nil
		}
		a.refs[r.Name()] = r.Hash()
		if tag, err := l.repo.TagObject(r.Hash()); err == nil {
			if c, err := tag.Commit(); err == nil {
				a.peeled[r.Name()] = c.Hash
			}
		}
		return nil
	})
	if err == nil && len(a.refs) == 0 {
		err = transport.ErrEmptyRemoteRepository
	}
	return a, err
}

// pack is every object that follows from the wants and is not held.
func (l *localRemote) pack(ctx context.Context, a ask) (delivery, error) {
	w := walk{repo: l.repo, held: a.held, seen: map[plumbing.Hash]bool{}, depth: a.depth}
	if len(a.cut) > 0 {
		// A commit that was cut is here, what it leads to is not.
		w.held = func(h plumbing.Hash) bool { return a.held(h) && !slices.Contains(a.cut, h) }
	}
	for _, h := range a.wants {
		if err := w.from(ctx, h); err != nil {
			return delivery{}, err
		}
	}
	if light(l.sto, w.found) {
		return delivery{stored(l.sto, w.found), w.cut}, nil
	}
	return delivery{encode(l.sto, w.found), w.cut}, nil
}

func (l *localRemote) Close() error { return l.sto.Close() }

// walk collects the objects that lead from a tag or commit, each once, without those held.
type walk struct {
	repo  *git.Repository
	held  func(plumbing.Hash) bool
	seen  map[plumbing.Hash]bool
	depth int // 1 = the tip alone; else all its history
	found []plumbing.Hash
	cut   []plumbing.Hash // commits found without their parents
}

func (w *walk) add(h plumbing.Hash) bool {
	if w.seen[h] || w.held(h) {
		return false
	}
	w.seen[h] = true
	w.found = append(w.found, h)
	return true
}

func (w *walk) from(ctx context.Context, h plumbing.Hash) error {
	if tag, err := w.repo.TagObject(h); err == nil {
		w.add(h)
		return w.from(ctx, tag.Target)
	}
	for todo := []plumbing.Hash{h}; len(todo) > 0; {
		h, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !w.add(h) {
			continue
		}
		c, err := w.repo.CommitObject(h)
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			return fmt.Errorf("not our ref %s", h)
		}
		if err != nil {
			return err
		}
		if err := w.tree(c.TreeHash); err != nil {
			return err
		}
		if w.depth == 1 && len(c.ParentHashes) > 0 {
			w.cut = append(w.cut, h)
			continue
		}
		todo = append(todo, c.ParentHashes...)
	}
	return nil
}

func (w *walk) tree(h plumbing.Hash) error {
	if !w.add(h) {
		return nil
	}
	t, err := object.GetTree(w.repo.Storer, h)
	if err != nil {
		return fmt.Errorf("read tree %s: %w", h, err)
	}
	for _, e := range t.Entries {
		switch e.Mode {
		case filemode.Submodule:
		case filemode.Dir:
			if err := w.tree(e.Hash); err != nil {
				return err
			}
		default:
			w.add(e.Hash)
		}
	}
	return nil
}
