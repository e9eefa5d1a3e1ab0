package source

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

var (
	ancestor = regexp.MustCompile(`^(.+?)((?:~\d*|\^\d*)+)$`)
	hop      = regexp.MustCompile(`[~^]\d*`)
	shortID  = regexp.MustCompile(`^[0-9a-f]{4,40}$`)
)

// Resolve finds a commit by id (full, or unique with at least 4 digits), branch, tag, or HEAD for the tip, with ~N and ^N behind it as in
// gitrevisions(7). It asks the mirror only.
func (m *Mirror) Resolve(rev string) (Commit, error) {
	base, hops := rev, ""
	if parts := ancestor.FindStringSubmatch(rev); parts != nil {
		base, hops = parts[1], parts[2]
	}
	h, err := m.resolveBase(base)
	if err != nil {
		return Commit{}, err
	}
	c, err := m.commit(h)
	for _, step := range hop.FindAllString(hops, -1) {
		if err != nil {
			return Commit{}, err
		}
		c, err = m.hop(rev, c, step)
	}
	return c, err
}

func (m *Mirror) resolveBase(rev string) (plumbing.Hash, error) {
	if rev == "HEAD" {
		if h, ok := m.tip(); ok {
			return h, nil
		}
		return plumbing.ZeroHash, &Error{Call: "resolve HEAD", Kind: ErrNoCommit, Remedy: "nothing was fetched yet"}
	}
	if h := plumbing.NewHash(rev); fullID.MatchString(rev) && m.objects.has(h) {
		return m.peel(h)
	}
	// Names go before short ids, tags before branches: gitrevisions(7).
	for _, name := range []plumbing.ReferenceName{plumbing.NewTagReferenceName(rev), plumbing.NewBranchReferenceName(rev), plumbing.ReferenceName(rev)} {
		m.mu.Lock()
		h, ok := m.refs[name]
		m.mu.Unlock()
		if ok {
			return m.peel(h)
		}
	}
	return m.resolveShort(rev)
}

func (m *Mirror) resolveShort(rev string) (plumbing.Hash, error) {
	call := fmt.Sprintf("resolve %q", rev)
	unknown := &Error{Call: call, Kind: ErrNoCommit, Remedy: "the mirror knows the history of " + m.cfg.refText() + ", and what points into it: " + m.nearRefs(rev)}
	m.mu.Lock()
	if len(m.cut) > 0 {
		unknown.Kind, unknown.Remedy = ErrShallow, "the next fetch brings it"
	}
	m.mu.Unlock()
	if !shortID.MatchString(rev) {
		return plumbing.ZeroHash, unknown
	}
	all, err := m.objects.prefixed(rev)
	if err != nil {
		return plumbing.ZeroHash, damage(call, err)
	}
	var found []plumbing.Hash
	var ids []string
	for _, h := range all {
		if o, err := m.objects.read(h); err != nil {
			return h, err
		} else if o.Type() == plumbing.CommitObject {
			found, ids = append(found, h), append(ids, h.String()[:min(40, len(rev)+4)])
		}
	}
	switch len(found) {
	case 0:
		return plumbing.ZeroHash, unknown
	case 1:
		return found[0], nil
	}
	return plumbing.ZeroHash, &Error{Call: call, Kind: ErrAmbiguous, Remedy: "write more digits: " + strings.Join(ids, ", ")}
}

func (m *Mirror) nearRefs(rev string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for n := range m.refs {
		names = append(names, n.Short())
	}
	if len(names) == 0 {
		return "nothing yet"
	}
	return strings.Join(near(rev, names), ", ")
}

// hop goes from a commit to an ancestor: ~N is N times the first parent, ^N the Nth parent, ^0 the commit itself.
func (m *Mirror) hop(rev string, c Commit, step string) (Commit, error) {
	n := 1
	if len(step) > 1 {
		var err error
		if n, err = strconv.Atoi(step[1:]); err != nil {
			return Commit{}, &Error{Call: fmt.Sprintf("resolve %q", rev), Kind: ErrNoCommit, Cause: err, Remedy: "write a smaller number"}
		}
	}
	if step[0] == '^' {
		return m.parent(rev, c, n)
	}
	for range n {
		var err error
		if c, err = m.parent(rev, c, 1); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (m *Mirror) parent(rev string, c Commit, n int) (Commit, error) {
	if n == 0 {
		return c, nil
	}
	call := fmt.Sprintf("resolve %q", rev)
	if n > len(c.Parents) {
		return Commit{}, &Error{Call: call, Kind: ErrNoCommit, Remedy: fmt.Sprintf("commit %s has %d parents", c.Short(), len(c.Parents))}
	}
	h := plumbing.NewHash(c.Parents[n-1])
	if m.isCut(c.ID) && !m.objects.has(h) {
		return Commit{}, &Error{Call: call, Kind: ErrShallow, Remedy: "the next fetch brings it"}
	}
	return m.commit(h)
}

func (m *Mirror) isCut(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range m.cut {
		if h.String() == id {
			return true
		}
	}
	return false
}
