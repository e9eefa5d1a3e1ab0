// Package source follows one revision of a git repository: it keeps a bare mirror on disk and hands out commits as read-only file systems. There is no work
// tree, no git program and no hook; nothing of the repository is ever run. What the mirror holds can be read while the server is down.
//
// The first Fetch brings the tip alone, the next one the history; from then on history is kept, also what a force push left behind: a rollback may
// want it.
package source

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// Mirror is a repository followed at one revision. Its methods may be called at the same time.
type Mirror struct {
	cfg     Config
	ep      *transport.Endpoint
	disk    disk
	objects *objects
	turn    chan struct{} // holds the one Fetch that runs

	mu     sync.Mutex
	refs   refTable
	cut    []plumbing.Hash // commits here without their parents
	status Status
}

// Open prepares the mirror of cfg without using the network. What an earlier process fetched is there at once. A damaged mirror opens too:
// Status tells, and the next Fetch repairs it.
func Open(cfg Config) (*Mirror, error) {
	ep, err := cfg.validate()
	if err != nil {
		return nil, fmt.Errorf("open git source: %w", err)
	}
	m := &Mirror{cfg: cfg, ep: ep, disk: disk(cfg.Dir), turn: make(chan struct{}, 1), refs: refTable{}}
	m.status = Status{URL: cfg.URL, Ref: cfg.refText()}
	if err := m.prepare(); err != nil {
		return nil, fmt.Errorf("open mirror: %w", err)
	}
	m.load()
	return m, nil
}

// prepare makes the folder and cleans it, unless another process is at work there.
func (m *Mirror) prepare() error {
	release, err := m.disk.lock()
	if errors.Is(err, ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	moved, err := m.disk.create(m.cfg.URL)
	if err != nil {
		return err
	}
	if moved {
		// Names of another repository say nothing here; its objects may be the same ones.
		if err := errors.Join(m.disk.writeRefs(refTable{}), m.disk.write("config", configText(m.cfg.URL))); err != nil {
			return err
		}
	}
	return m.disk.sweep()
}

// load reads names and checks objects; what is wrong is kept as damage.
func (m *Mirror) load() {
	m.objects = openObjects(m.disk, m.cfg.Limits.Object)
	refs, refsErr := m.disk.readRefs()
	cut, cutErr := m.disk.readCut()
	if err := errors.Join(refsErr, cutErr); err != nil {
		m.objects.setDamage(damage("read mirror "+m.cfg.Dir, err))
		return
	}
	m.refs, m.cut = refs, cut
	if err := m.check(); errors.Is(err, ErrDamaged) {
		m.objects.setDamage(err)
	}
}

// Tip is the tracked commit as of the last good Fetch, by this process or an earlier one.
func (m *Mirror) Tip() (Commit, bool) {
	h, ok := m.tip()
	if !ok {
		return Commit{}, false
	}
	c, err := m.commit(h)
	return c, err == nil
}

func (m *Mirror) tip() (plumbing.Hash, bool) {
	if m.cfg.Commit != "" {
		h := plumbing.NewHash(m.cfg.Commit)
		return h, m.objects.has(h)
	}
	m.mu.Lock()
	h, ok := m.refs[m.cfg.ref()]
	m.mu.Unlock()
	if !ok {
		return h, false
	}
	h, err := m.peel(h)
	return h, err == nil
}

// peel follows annotated tags to what they name.
func (m *Mirror) peel(h plumbing.Hash) (plumbing.Hash, error) {
	// git allows a tag of a tag; nobody stacks eight.
	for range 8 {
		o, err := m.objects.read(h)
		if err != nil || o.Type() != plumbing.TagObject {
			return h, err
		}
		tag := &object.Tag{}
		if err := tag.Decode(o); err != nil {
			return h, malformed("tag", h, err)
		}
		h = tag.Target
	}
	return h, &Error{Call: "read tag " + h.String(), Kind: ErrNoCommit, Remedy: "it is a tag of tags of tags: tag a commit"}
}

func (m *Mirror) rawCommit(h plumbing.Hash) (*object.Commit, error) {
	o, err := m.objects.read(h)
	if err != nil {
		return nil, err
	}
	if o.Type() != plumbing.CommitObject {
		return nil, &Error{Call: "read commit " + h.String(), Kind: ErrNoCommit, Cause: fmt.Errorf("it is a %s", o.Type()), Remedy: "name a commit"}
	}
	return decodeCommit(o)
}

func (m *Mirror) commit(h plumbing.Hash) (Commit, error) {
	c, err := m.rawCommit(h)
	if err != nil {
		return Commit{}, err
	}
	return newCommit(c), nil
}

// Fetch asks the server once, and brings what is new. It returns the commit that the tracked revision names now, be it a descendant of the former tip or
// not: IsAncestor tells. A failure leaves the mirror as it was. Calls run one after the other.
func (m *Mirror) Fetch(ctx context.Context) (Commit, error) {
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return Commit{}, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	r := round{Mirror: m}
	c, err := r.run(ctx)
	m.finish(c, err)
	return c, err
}
