package source

import (
	"context"
	"errors"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// remote is one conversation with a repository elsewhere: first refs, then at most one pack.
type remote interface {
	refs(ctx context.Context) (advert, error)
	pack(ctx context.Context, a ask) (delivery, error)
	Close() error
}

// advert is what a repository says it has.
type advert struct {
	refs    map[plumbing.ReferenceName]plumbing.Hash // of heads and tags: the object each names
	peeled  map[plumbing.ReferenceName]plumbing.Hash // of annotated tags: the commit
	shallow bool                                     // it can send a part of the history
	anyID   bool                                     // it hands out commits that no reference names
}

// commit is the commit that a reference leads to, as the repository tells it.
func (a advert) commit(name plumbing.ReferenceName) plumbing.Hash {
	if h, ok := a.peeled[name]; ok {
		return h
	}
	return a.refs[name]
}

// ask is a request for objects.
type ask struct {
	wants []plumbing.Hash
	haves []plumbing.Hash          // commits here with all their history, or cut at cut
	cut   []plumbing.Hash          // commits here without their parents
	depth int                      // commits of history wanted; 0 = all that follows haves, whole = all
	held  func(plumbing.Hash) bool // whether an object and all it leads to is here
}

// whole is git's own number for "no limit" in a deepen request (Documentation/technical/shallow.txt, fetch --unshallow).
const whole = 1<<31 - 1

// delivery is a pack stream; cut are the commits that come without their parents.
type delivery struct {
	io.ReadCloser
	cut []plumbing.Hash
}

// errTooMuch is what a limited stream ends with.
var errTooMuch = errors.New("more bytes than allowed")

// limited reads at most left bytes, then fails: a silent cut would look like a broken connection.
type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooMuch
	}
	n, err := l.ReadCloser.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// dial opens a conversation. The secret it used is returned to be masked in errors.
func dial(ctx context.Context, cfg Config, ep *transport.Endpoint) (remote, string, error) {
	switch ep.Protocol {
	case "ssh":
		r, err := dialSSH(ctx, cfg, ep)
		return r, "", err
	case "file":
		r, err := openLocal(ep.Path)
		return r, "", err
	}
	return dialHTTP(cfg, ep)
}
