package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// disk is the folder of a bare repository, laid out as gitrepository-layout(5) says, so that git itself can read it. Every file appears by rename
// after fsync: a kill at any point leaves the old state or the new.
type disk string

func (d disk) path(parts ...string) string {
	return filepath.Join(append([]string{string(d)}, parts...)...)
}

func (d disk) packs(parts ...string) string {
	return d.path(append([]string{"objects", "pack"}, parts...)...)
}

// marker is in the config of every mirror: a folder without it is never written to, nor moved away.
const marker = "[lbsync]\n\tmirror = true\n"

func configText(url string) string {
	return "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[remote \"origin\"]\n\turl = " + strconv.Quote(url) + "\n" + marker
}

// create makes an empty mirror of url where nothing is, and leaves a mirror that is there. It tells whether that one mirrors another url.
func (d disk) create(url string) (moved bool, err error) {
	old, err := os.ReadFile(d.path("config"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, d.lay(url)
	}
	if err != nil {
		return false, err
	}
	if !strings.Contains(string(old), marker) {
		return false, d.notOurs()
	}
	return string(old) != configText(url), os.MkdirAll(d.packs(), 0o755)
}

func (d disk) notOurs() error {
	return fmt.Errorf("folder %s is not empty and no mirror of lbsync: name another folder, or remove it", d)
}

// lay writes the config last: without it the folder counts as empty only if nothing but a start of this is in it.
func (d disk) lay(url string) error {
	entries, err := os.ReadDir(string(d))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if n := e.Name(); n != "objects" && n != "refs" && n != "HEAD" && !strings.HasPrefix(n, "tmp_") {
			return d.notOurs()
		}
	}
	if err := errors.Join(os.MkdirAll(d.packs(), 0o755), os.MkdirAll(d.path("refs"), 0o755)); err != nil {
		return err
	}
	if err := d.write("HEAD", "ref: refs/heads/main\n"); err != nil {
		return err
	}
	return d.write("config", configText(url))
}

// write replaces a file of the folder as a whole.
func (d disk) write(name, text string) error {
	f, err := os.CreateTemp(string(d), "tmp_")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), d.path(name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(string(d))
}

// syncDir makes a rename in dir survive a power loss.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// lock keeps other processes from writing to the mirror; the kernel releases it when this one dies. It lies beside the folder, which may be moved away.
func (d disk) lock() (release func(), err error) {
	f, err := os.OpenFile(string(d)+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &Error{Call: "lock mirror " + string(d), Kind: ErrBusy, Remedy: "another process fetches into it; the next poll tries again"}
		}
		return nil, err
	}
	// Closing the file is what releases the lock; nothing was written to it.
	return func() { _ = f.Close() }, nil
}

// sweep removes what a killed Fetch left: files under a temporary name, and indexes without a pack, which go-git would take for good when the
// same pack comes again.
func (d disk) sweep() error {
	var errs []error
	for _, dir := range []string{string(d), d.packs()} {
		left, err := filepath.Glob(filepath.Join(dir, "tmp_*"))
		errs = append(errs, err, removeAll(left))
	}
	idx, err := filepath.Glob(d.packs("pack-*.idx"))
	errs = append(errs, err)
	for _, name := range idx {
		if _, err := os.Stat(strings.TrimSuffix(name, ".idx") + ".pack"); errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, os.Remove(name))
		}
	}
	return errors.Join(errs...)
}

func removeAll(names []string) error {
	var errs []error
	for _, n := range names {
		errs = append(errs, os.Remove(n))
	}
	return errors.Join(errs...)
}

// gone says that nothing is left of the mirror.
func (d disk) gone() bool {
	_, config := os.Stat(d.path("config"))
	_, packs := os.Stat(d.packs())
	return errors.Is(config, fs.ErrNotExist) && errors.Is(packs, fs.ErrNotExist)
}

// moveAway renames a damaged mirror, for a person to look at; only the last is kept.
func (d disk) moveAway() (string, error) {
	to := string(d) + ".damaged"
	if err := os.RemoveAll(to); err != nil {
		return "", err
	}
	err := os.Rename(string(d), to)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return to, syncDir(filepath.Dir(to))
}
