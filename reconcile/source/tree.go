package source

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// entry is one name in a tree.
type entry struct {
	name     string // last element; "." for the root
	mode     fs.FileMode
	blob     plumbing.Hash // of a file
	size     int64
	children []*entry // of a folder, in git's order, sorted by name before use
}

// Tree gives the folder Path of a commit as a read-only file system. Files are read from the mirror when they are opened; names, sizes and limits are
// settled here; contents are not looked at. Symbolic links and submodules are listed as such and cannot be opened. The file system also satisfies Blobs.
func (m *Mirror) Tree(id string) (fs.FS, error) {
	call := fmt.Sprintf("read folder %s of commit %.7s", m.cfg.Path, id)
	if !fullID.MatchString(id) || !m.objects.has(plumbing.NewHash(id)) {
		return nil, &Error{Call: call, Kind: ErrNoCommit, Remedy: "fetch it first, and name it by its full id"}
	}
	c, err := m.rawCommit(plumbing.NewHash(id))
	if err != nil {
		return nil, err
	}
	root, err := m.folder(call, c.TreeHash)
	if err != nil {
		return nil, err
	}
	r := reader{Mirror: m, call: call, files: map[string]*entry{}}
	top := &entry{name: ".", mode: fs.ModeDir | 0o555}
	if err := r.fill(top, ".", root); err != nil {
		return nil, err
	}
	if !r.hcl {
		return nil, &Error{Call: call, Kind: ErrNoHCL, Remedy: "the fleet is the *.hcl files below this folder: check path, or commit one"}
	}
	m.objects.remember(r.files)
	return &treeFS{m, r.files}, nil
}

// folder finds the tree of Path.
func (m *Mirror) folder(call string, h plumbing.Hash) (*object.Tree, error) {
	t, err := m.tree(h)
	if err != nil || m.cfg.Path == "." {
		return t, err
	}
	at := ""
	for name := range strings.SplitSeq(m.cfg.Path, "/") {
		next, folders := plumbing.ZeroHash, []string{}
		for _, e := range t.Entries {
			if e.Mode == filemode.Dir {
				folders = append(folders, e.Name)
			}
			if e.Mode == filemode.Dir && e.Name == name {
				next = e.Hash
			}
		}
		at = path.Join(at, name)
		if next.IsZero() {
			missing := &Error{Call: call, Kind: ErrNoPath, Remedy: "check path" + nearest(name, folders)}
			if at != m.cfg.Path {
				missing.Cause = fmt.Errorf("there is no folder %s", at)
			}
			return nil, missing
		}
		if t, err = m.tree(next); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func nearest(name string, folders []string) string {
	if len(folders) == 0 {
		return "; there are no folders beside it"
	}
	return "; nearest folders: " + strings.Join(near(name, folders), ", ")
}

// reader lists a tree within the limits.
type reader struct {
	*Mirror
	call  string
	files map[string]*entry
	bytes int64
	hcl   bool
}

func (r *reader) fill(dir *entry, at string, t *object.Tree) error {
	r.files[at] = dir
	for _, te := range t.Entries {
		// Counting entries also ends a tree that holds itself many times over, which takes but a few objects.
		if len(r.files) > r.cfg.Limits.Files {
			return tooLarge(r.call, "more than %d files and folders", r.cfg.Limits.Files)
		}
		if err := r.add(dir, at, te); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) add(dir *entry, at string, te object.TreeEntry) error {
	if !fs.ValidPath(te.Name) || strings.Contains(te.Name, "/") || te.Name == "." {
		return &Error{Call: r.call, Kind: ErrBadFile, Cause: fmt.Errorf("name %q in folder %s", te.Name, at), Remedy: "rename it"}
	}
	full := path.Join(at, te.Name)
	e := &entry{name: te.Name, blob: te.Hash}
	dir.children = append(dir.children, e)
	r.files[full] = e
	switch te.Mode {
	case filemode.Dir:
		e.mode = fs.ModeDir | 0o555
		t, err := r.tree(te.Hash)
		if err != nil {
			return err
		}
		return r.fill(e, full, t)
	case filemode.Symlink:
		e.mode = fs.ModeSymlink | 0o444
	case filemode.Submodule:
		e.mode = fs.ModeIrregular | 0o444
	default:
		e.mode = 0o444
		return r.file(e, full)
	}
	if strings.HasSuffix(te.Name, ".hcl") {
		return &Error{Call: r.call, Kind: ErrBadFile, Cause: fmt.Errorf("%s is a symbolic link or a submodule", full), Remedy: "commit a regular file in its place"}
	}
	return nil
}

func (r *reader) file(e *entry, full string) error {
	size, err := r.objects.size(e.blob)
	if err != nil {
		return err
	}
	e.size = size
	r.bytes += size
	lim := r.cfg.Limits
	if size > lim.FileBytes {
		return tooLarge(r.call, "file %s has %d bytes, the limit is %d", full, size, lim.FileBytes)
	}
	if r.bytes > lim.TreeBytes {
		return tooLarge(r.call, "its files have more than %d bytes", lim.TreeBytes)
	}
	r.hcl = r.hcl || strings.HasSuffix(e.name, ".hcl")
	return nil
}
