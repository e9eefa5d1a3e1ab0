package source

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

// receive writes a pack stream into the mirror and returns the pack's id, zero for a pack of nothing. go-git's own pack writer is not used: it writes the index in place, syncs nothing,
// and keeps a torn index for good when the same pack comes again.
func (d disk) receive(r io.Reader, lim Limits) (plumbing.Hash, error) {
	f, err := os.CreateTemp(d.packs(), "tmp_pack_")
	if err != nil {
		return plumbing.ZeroHash, err
	}
	// Gone already if the pack was taken.
	defer func() { _ = os.Remove(f.Name()) }()
	defer func() { _ = f.Close() }()
	if _, err := io.Copy(f, r); err != nil {
		return plumbing.ZeroHash, err
	}
	if err := f.Sync(); err != nil {
		return plumbing.ZeroHash, err
	}
	if err := checkSizes(f, lim); err != nil {
		return plumbing.ZeroHash, err
	}
	idx, sum, err := index(f)
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("index pack: %w", err)
	}
	if n, err := idx.Count(); err != nil || n == 0 {
		return plumbing.ZeroHash, err
	}
	return sum, d.take(f.Name(), idx, sum)
}

// index parses a whole pack, which checks its checksum and every delta, and makes the table of its objects.
func index(f *os.File) (idx *idxfile.MemoryIndex, sum plumbing.Hash, err error) {
	// go-git has panicked on hostile packs before (CVE-2023-49568, GHSA-449p-3h89-pw88 and others).
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("malformed pack: %v", p)
		}
	}()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, sum, err
	}
	w := &idxfile.Writer{}
	p, err := packfile.NewParser(packfile.NewScanner(f), w)
	if err != nil {
		return nil, sum, err
	}
	if sum, err = p.Parse(); err != nil {
		return nil, sum, err
	}
	idx, err = w.Index()
	return idx, sum, err
}

// take gives pack and index their names, the index first: a pack is looked for by its .pack.
func (d disk) take(tmp string, idx *idxfile.MemoryIndex, sum plumbing.Hash) error {
	f, err := os.CreateTemp(d.packs(), "tmp_idx_")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = idxfile.NewEncoder(f).Encode(idx)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	base := d.packs("pack-" + sum.String())
	if err := os.Rename(f.Name(), base+".idx"); err != nil {
		return err
	}
	if err := os.Rename(tmp, base+".pack"); err != nil {
		return err
	}
	return syncDir(d.packs())
}
