package source

import (
	"fmt"
	"iter"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// walk yields the commits that lead to from, newest committer date first, as git log does, and stops where the history is cut.
func (m *Mirror) walk(from plumbing.Hash) iter.Seq2[*object.Commit, error] {
	m.mu.Lock()
	cut := m.cut
	m.mu.Unlock()
	return func(yield func(*object.Commit, error) bool) {
		seen := map[plumbing.Hash]bool{}
		var pending []*object.Commit
		add := func(h plumbing.Hash) error {
			if seen[h] {
				return nil
			}
			seen[h] = true
			c, err := m.rawCommit(h)
			if err == nil {
				pending = append(pending, c)
			}
			return err
		}
		err := add(from)
		for err == nil && len(pending) > 0 {
			c := takeNewest(&pending)
			if !yield(c, nil) {
				return
			}
			if slices.Contains(cut, c.Hash) {
				continue
			}
			for _, p := range c.ParentHashes {
				if err = add(p); err != nil {
					break
				}
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func takeNewest(pending *[]*object.Commit) *object.Commit {
	best := 0
	for i, c := range *pending {
		if c.Committer.When.After((*pending)[best].Committer.When) {
			best = i
		}
	}
	c := (*pending)[best]
	*pending = slices.Delete(*pending, best, best+1)
	return c
}

// Log lists up to n commits that lead to the revision, newest first. It ends early where the history is not here yet.
func (m *Mirror) Log(from string, n int) ([]Commit, error) {
	start, err := m.Resolve(from)
	if err != nil || n <= 0 {
		return nil, err
	}
	var out []Commit
	for c, err := range m.walk(plumbing.NewHash(start.ID)) {
		if err != nil {
			return nil, fmt.Errorf("read history of %s: %w", start.Short(), err)
		}
		if out = append(out, newCommit(c)); len(out) == n {
			break
		}
	}
	return out, nil
}

// IsAncestor tells whether commit a leads to commit b; a commit leads to itself. Both are full ids. An a that is not here leads to nothing that is here with all
// its history. The error is ErrShallow while the history is not here yet, and ErrNoCommit if b is not here.
func (m *Mirror) IsAncestor(a, b string) (bool, error) {
	call := fmt.Sprintf("find %s in the history of %s", a, b)
	if !fullID.MatchString(a) || !fullID.MatchString(b) {
		return false, &Error{Call: call, Kind: ErrNoCommit, Remedy: "write full ids"}
	}
	old, tip := plumbing.NewHash(a), plumbing.NewHash(b)
	if !m.objects.has(tip) {
		return false, &Error{Call: call, Kind: ErrNoCommit, Remedy: "fetch it first"}
	}
	for c, err := range m.walk(tip) {
		if err != nil {
			return false, fmt.Errorf("%s: %w", call, err)
		}
		if c.Hash == old {
			return true, nil
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.cut) > 0 {
		return false, &Error{Call: call, Kind: ErrShallow, Remedy: "the next fetch brings it"}
	}
	return false, nil
}
