package source

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// check looks for damage at start: packs cut short, and objects missing below the tip. The rest is checked as it is read.
func (m *Mirror) check() error {
	packs, err := filepath.Glob(m.disk.packs("pack-*.pack"))
	if err != nil {
		return damage("list packs of mirror "+m.cfg.Dir, err)
	}
	for _, p := range packs {
		if err := checkPack(p); err != nil {
			return damage("check pack "+p, err)
		}
	}
	tip, ok := m.tip()
	if !ok {
		return m.objects.damage()
	}
	_, err = m.complete(tip)
	return err
}

// checkPack compares the checksum at the end of a pack with the one in its name: a pack cut short ends in other bytes.
func checkPack(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	var end [20]byte
	if _, err := f.ReadAt(end[:], info.Size()-int64(len(end))); err != nil {
		return fmt.Errorf("read its end: %w", err)
	}
	if want := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "pack-"), ".pack"); hex.EncodeToString(end[:]) != want {
		return fmt.Errorf("it is cut short or overwritten")
	}
	return nil
}

// complete tells whether every tree and file of a commit is here, and returns its HCL files.
func (m *Mirror) complete(commit plumbing.Hash) (files []plumbing.Hash, err error) {
	c, err := m.rawCommit(commit)
	if err != nil {
		return nil, err
	}
	seen := map[plumbing.Hash]bool{}
	todo := []plumbing.Hash{c.TreeHash}
	for len(todo) > 0 {
		h := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		t, err := m.tree(h)
		if err != nil {
			return nil, err
		}
		for _, e := range t.Entries {
			switch {
			case e.Mode == filemode.Submodule || seen[e.Hash]:
			case e.Mode == filemode.Dir:
				todo = append(todo, e.Hash)
			case !m.objects.has(e.Hash):
				return nil, m.lost(e.Hash)
			case strings.HasSuffix(e.Name, ".hcl"):
				files = append(files, e.Hash)
			}
			seen[e.Hash] = true
		}
	}
	return files, nil
}

// lost notes that an object is missing which must be here.
func (m *Mirror) lost(h plumbing.Hash) error {
	_, err := m.objects.size(h)
	return err
}

func (m *Mirror) tree(h plumbing.Hash) (*object.Tree, error) {
	o, err := m.objects.read(h)
	if err != nil {
		return nil, err
	}
	t := &object.Tree{}
	if err := t.Decode(o); err != nil {
		return nil, malformed("tree", h, err)
	}
	return t, nil
}
