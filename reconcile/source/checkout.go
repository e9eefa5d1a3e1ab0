package source

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// Checkout is a folder in a work tree on this machine, as operators and CI have it before them. It is only read; a shallow clone
// and a detached HEAD will do.
type Checkout struct {
	repo *git.Repository
	// Reading a commit is the mirror's work, on the objects of the checkout's own repository; nothing is ever fetched into it.
	mirror *Mirror
}

// OpenCheckout finds the work tree that dir is in. An error of kind ErrNotFound says that there is none.
func OpenCheckout(dir string) (*Checkout, error) {
	call := "open checkout " + dir
	abs, err := filepath.Abs(dir)
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err != nil {
		return nil, &Error{Call: call, Kind: ErrNotFound, Cause: err}
	}
	repo, err := git.PlainOpenWithOptions(abs, &git.PlainOpenOptions{DetectDotGit: true, EnableDotGitCommonDir: true})
	if errors.Is(err, git.ErrRepositoryNotExists) {
		err = transport.ErrRepositoryNotFound
	}
	if err != nil {
		return nil, &Error{Call: call, Kind: ErrNotFound, Cause: err, Remedy: "name a folder of a git work tree"}
	}
	tree, err := repo.Worktree()
	if err != nil {
		return nil, &Error{Call: call, Kind: ErrNotFound, Cause: err, Remedy: "name a folder of a work tree; a bare repository has none"}
	}
	path, err := filepath.Rel(tree.Filesystem.Root(), abs)
	if err != nil || !fs.ValidPath(filepath.ToSlash(path)) {
		return nil, &Error{Call: call, Kind: ErrNotFound, Cause: fmt.Errorf("it is not below %s", tree.Filesystem.Root())}
	}
	sto, ok := repo.Storer.(*filesystem.Storage)
	if !ok {
		panic(fmt.Sprintf("a repository on disk is stored in a %T", repo.Storer))
	}
	limits := DefaultLimits()
	return &Checkout{repo, &Mirror{
		cfg:     Config{Path: filepath.ToSlash(path), Limits: limits},
		objects: &objects{disk: disk(tree.Filesystem.Root()), limit: limits.Object, sto: sto},
	}}, nil
}

// Resolve finds a commit as git rev-parse does: id, branch, tag, remote branch, HEAD, with ~N and ^N.
func (c *Checkout) Resolve(rev string) (Commit, error) {
	h, err := c.repo.ResolveRevision(plumbing.Revision(rev))
	if err != nil {
		return Commit{}, &Error{Call: fmt.Sprintf("resolve %q", rev), Kind: ErrNoCommit, Cause: err, Remedy: "name a revision of this checkout; CI may have to fetch it first"}
	}
	return c.mirror.commit(*h)
}

// Tree gives the checkout's folder as it is in a commit.
func (c *Checkout) Tree(id string) (fs.FS, error) { return c.mirror.Tree(id) }
