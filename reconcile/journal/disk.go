package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Disk is how the journal changes its folder. A test replaces it to fail, or to die, at any write.
type Disk interface {
	// Create makes a segment that must not exist; it is durable in its folder when Create returns.
	Create(path string) (File, error)
	// Open opens an existing segment for writing.
	Open(path string) (File, error)
}

// File is an open segment.
type File interface {
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
}

// OS is the real disk.
var OS Disk = osDisk{}

type osDisk struct{}

func (osDisk) Open(path string) (File, error) { return os.OpenFile(path, os.O_WRONLY, 0) }

func (osDisk) Create(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return f, nil
}

// syncDir makes a new name durable: fsync of the file alone does not (fsync(2)).
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		return errors.Join(fmt.Errorf("sync folder: %w", err), d.Close())
	}
	return d.Close()
}
