package source

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
)

// mostPacks is how many packs may lie there before some are merged: each is a descriptor and an index in memory.
const mostPacks = 8

type packFile struct {
	base string // path without .pack
	size int64
}

// mergePacks joins the small packs into one. Unlike go-git's repack it neither rewrites the big one each time nor drops what no name leads to any more.
func (m *Mirror) mergePacks() error {
	packs, err := m.disk.listPacks()
	if err != nil || len(packs) <= mostPacks {
		return err
	}
	small := smallOnes(packs)
	hashes, err := idsOf(small)
	if err != nil {
		return err
	}
	sum, err := m.disk.pack(hashes, m.cfg.Limits)
	if err != nil {
		return err
	}
	return m.objects.reload(func() error { return removePacks(small, sum) })
}

func (d disk) listPacks() ([]packFile, error) {
	names, err := filepath.Glob(d.packs("pack-*.pack"))
	if err != nil {
		return nil, err
	}
	var out []packFile
	for _, n := range names {
		info, err := os.Stat(n)
		if err != nil {
			return nil, err
		}
		out = append(out, packFile{strings.TrimSuffix(n, ".pack"), info.Size()})
	}
	return out, nil
}

// smallOnes picks packs from the smallest up, until the next is twice all before: so a byte is rewritten only about log2(n) times, as with git
// repack --geometric.
func smallOnes(packs []packFile) []packFile {
	slices.SortFunc(packs, func(a, b packFile) int { return cmp.Compare(a.size, b.size) })
	var sum int64
	for i, p := range packs {
		if i > 1 && p.size >= 2*sum {
			return packs[:i]
		}
		sum += p.size
	}
	return packs
}

// idsOf lists the objects of some packs, each once.
func idsOf(packs []packFile) ([]plumbing.Hash, error) {
	seen := map[plumbing.Hash]bool{}
	var out []plumbing.Hash
	for _, p := range packs {
		idx, err := readIndex(p.base + ".idx")
		if err != nil {
			return nil, err
		}
		entries, err := idx.Entries()
		if err != nil {
			return nil, err
		}
		for e, err := entries.Next(); !errors.Is(err, io.EOF); e, err = entries.Next() {
			if err != nil {
				return nil, err
			}
			if !seen[e.Hash] {
				seen[e.Hash] = true
				out = append(out, e.Hash)
			}
		}
	}
	return out, nil
}

func readIndex(path string) (*idxfile.MemoryIndex, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	idx := idxfile.NewMemoryIndex()
	return idx, idxfile.NewDecoder(f).Decode(idx)
}

// pack writes a new pack of objects that are here, and checks that all are in it. It reads through a storage of its own, so that readers need not wait.
func (d disk) pack(hashes []plumbing.Hash, lim Limits) (plumbing.Hash, error) {
	sto := openStorage(osfs.New(string(d)), false)
	defer func() { _ = sto.Close() }()
	r := encode(sto, hashes)
	defer func() { _ = r.Close() }()
	sum, err := d.receive(r, lim)
	if err != nil {
		return sum, err
	}
	idx, err := readIndex(d.packs("pack-" + sum.String() + ".idx"))
	if err != nil {
		return sum, err
	}
	for _, h := range hashes {
		if ok, err := idx.Contains(h); err != nil || !ok {
			return sum, fmt.Errorf("merged pack lacks object %s: %w", h, cmp.Or(err, plumbing.ErrObjectNotFound))
		}
	}
	return sum, nil
}

// removePacks deletes packs whose objects are all in another one. The pack goes first: an index alone is swept at the next start.
func removePacks(packs []packFile, keep plumbing.Hash) error {
	var errs []error
	for _, p := range packs {
		if !strings.HasSuffix(p.base, keep.String()) {
			errs = append(errs, os.Remove(p.base+".pack"), os.Remove(p.base+".idx"))
		}
	}
	return errors.Join(errs...)
}
