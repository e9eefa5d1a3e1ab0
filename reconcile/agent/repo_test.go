package agent

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing/fstest"
	"time"

	"github.com/lbsync/lbsync/reconcile/source"
)

// repo is a git repository: commits in the order in which they were made, and a branch.
type repo struct {
	mu      sync.Mutex
	commits []source.Commit
	trees   map[string]string
	branch  string
	mirror  string // tip of the last good fetch
	down    error
	fetches int
	gate    chan struct{} // when set, a fetch waits for it before it answers
	damage  error
	shallow bool // history comes with the next fetch
	status  source.Status
}

// id is a full object name that begins with name.
func id(name string) string { return name + strings.Repeat("0", 40-len(name)) }

// commit adds a commit and moves the branch to it. The names are hexadecimal letters: "a", "b1".
func (r *repo) commit(name, parent, fleet string) {
	if parent == "" {
		r.merge(name, nil, fleet)
	} else {
		r.merge(name, []string{parent}, fleet)
	}
}

// merge adds a commit with any number of parents and moves the branch to it.
func (r *repo) merge(name string, parents []string, fleet string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := source.Commit{ID: id(name), Author: "Ann", Email: "ann@example.org", Subject: "commit " + name}
	for _, p := range parents {
		c.Parents = append(c.Parents, id(p))
	}
	r.commits = append(r.commits, c)
	if r.trees == nil {
		r.trees = map[string]string{}
	}
	r.trees[c.ID] = fleet
	r.branch = c.ID
}

func (r *repo) set(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *repo) find(id string) (source.Commit, bool) {
	i := slices.IndexFunc(r.commits, func(c source.Commit) bool { return c.ID == id })
	if i < 0 {
		return source.Commit{}, false
	}
	return r.commits[i], true
}

func (r *repo) Fetch(ctx context.Context) (source.Commit, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fetches++
	if gate := r.gate; gate != nil {
		r.mu.Unlock()
		<-gate
		r.mu.Lock()
	}
	if err := cmpErr(ctx.Err(), r.down); err != nil {
		if r.status.Failures == 0 {
			r.status.FailingSince = time.Now()
		}
		r.status.Failures++
		r.status.Failing, r.status.Err = "list refs of test", err
		return source.Commit{}, err
	}
	r.shallow = false
	r.status = source.Status{LastSuccess: time.Now()}
	c, ok := r.find(r.branch)
	if !ok {
		return c, source.ErrEmpty
	}
	r.mirror = c.ID
	return c, nil
}

// asked counts the fetches.
func (r *repo) asked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fetches
}

func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *repo) Tip() (source.Commit, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.find(r.mirror)
}

func (r *repo) Resolve(rev string) (source.Commit, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.commits {
		if strings.HasPrefix(c.ID, rev) {
			return c, nil
		}
		if c.ID == r.mirror {
			break // what follows was not fetched
		}
	}
	return source.Commit{}, fmt.Errorf("resolve %q: %w", rev, source.ErrNoCommit)
}

func (r *repo) Tree(id string) (fs.FS, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, ok := r.trees[id]
	switch {
	case !ok:
		return nil, source.ErrNoCommit
	case text == "":
		return nil, source.ErrNoHCL
	}
	return fstest.MapFS{"fleet": {Data: []byte(text)}}, nil
}

func (r *repo) IsAncestor(a, b string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shallow {
		return false, source.ErrShallow
	}
	return r.descends(b, a)
}

func (r *repo) descends(commit, from string) (bool, error) {
	c, ok := r.find(commit)
	if !ok || commit == from {
		return ok, map[bool]error{false: source.ErrNoCommit}[ok]
	}
	for _, p := range c.Parents {
		if found, err := r.descends(p, from); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

func (r *repo) Status() source.Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.URL, s.Ref, s.Damage = "test", "branch main", r.damage
	return s
}
