package source

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTree(t *testing.T) {
	o := newOrigin(t)
	id := o.push("main", "one", files{
		"site/b.hcl": "b", "site/a.hcl": "aa", "site/a/x.hcl": "aa", "site/link": "-> a.hcl", "site/mod": "submodule", "site/empty": "", "other/c.hcl": "c",
	})
	m := open(t, config(t, o.dir))
	fetch(t, m)
	tree, err := m.Tree(id)
	if err != nil {
		t.Fatal(err)
	}
	blobs := tree.(Blobs)
	x, ok := blobs.BlobID("a/x.hcl")
	a, _ := blobs.BlobID("a.hcl")
	b, _ := blobs.BlobID("b.hcl")
	if !ok || x != a || a == b || len(a) != 40 {
		t.Errorf("blob ids %q %q %q", x, a, b)
	}
	for _, name := range []string{"a", "link", "mod", "none", "../other/c.hcl"} {
		if id, ok := blobs.BlobID(name); ok {
			t.Errorf("%s has the blob id %s", name, id)
		}
	}
	for name, want := range map[string]error{"link": ErrBadFile, "mod": ErrBadFile, "none": fs.ErrNotExist, "../other/c.hcl": fs.ErrInvalid} {
		if _, err := fs.ReadFile(tree, name); !errors.Is(err, want) {
			t.Errorf("read %s: %v, want %v", name, err, want)
		}
	}
	modes := map[string]fs.FileMode{"link": fs.ModeSymlink, "mod": fs.ModeIrregular, "a": fs.ModeDir, "a.hcl": 0}
	for name, want := range modes {
		if info, err := fs.Stat(tree, name); err != nil || info.Mode().Type() != want {
			t.Errorf("stat %s: %v, %v; want type %v", name, info, err, want)
		}
	}
}

// TestTreeFS lets the standard library check every promise of io/fs.
func TestTreeFS(t *testing.T) {
	o := newOrigin(t)
	id := o.push("main", "one", files{"site/b.hcl": "b", "site/a.hcl": "aa", "site/a/x.hcl": strings.Repeat("x", 100_000), "site/empty": ""})
	m := open(t, config(t, o.dir))
	fetch(t, m)
	tree, err := m.Tree(id)
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(tree, "a.hcl", "a/x.hcl", "b.hcl", "empty"); err != nil {
		t.Fatal(err)
	}
}

// TestNextTree: what is known of one tree neither hides what changed in the next, nor outlives the mirror it was read from.
func TestNextTree(t *testing.T) {
	o := newOrigin(t)
	cfg := config(t, o.dir)
	cfg.Limits.FileBytes = 100
	m := open(t, cfg)
	sizes := func(id string) string {
		tree, err := m.Tree(id)
		if err != nil {
			return err.Error()
		}
		a, errA := fs.Stat(tree, "a.hcl")
		b, errB := fs.Stat(tree, "b.hcl")
		o.must(errors.Join(errA, errB))
		return fmt.Sprint(a.Size(), " ", b.Size())
	}
	for _, c := range []struct {
		b    int
		want string
	}{{1, "2 1"}, {9, "2 9"}, {101, "file b.hcl has 101 bytes, the limit is 100"}, {1, "2 1"}} {
		id := o.push("main", "next", files{"site/a.hcl": "aa", "site/b.hcl": strings.Repeat("b", c.b)})
		fetch(t, m)
		for range 2 {
			if got := sizes(id); !strings.Contains(got, c.want) {
				t.Errorf("sizes %s, want %s", got, c.want)
			}
		}
	}
	if len(m.objects.sizes) != 2 {
		t.Errorf("%d sizes are kept of 2 files", len(m.objects.sizes))
	}
	m.objects.setDamage(nil)
	if len(m.objects.sizes) != 0 {
		t.Error("sizes are kept of a mirror that was cloned anew")
	}
}

func TestTreeRefused(t *testing.T) {
	for name, c := range map[string]struct {
		files files
		path  string
		lim   func(*Limits)
		kind  error
		text  string
	}{
		"missing folder":  {files{"sites/a.hcl": "", "docs/x": ""}, "site", nil, ErrNoPath, "no such folder in the commit; check path; nearest folders: sites, docs"},
		"missing inner":   {files{"a/b/x.hcl": ""}, "a/c", nil, ErrNoPath, "no such folder in the commit; check path; nearest folders: b"},
		"folder is file":  {files{"site": "x", "b.hcl": ""}, "site", nil, ErrNoPath, "no such folder in the commit; check path; there are no folders beside it"},
		"missing outer":   {files{"a/b/x.hcl": ""}, "c/d", nil, ErrNoPath, "no such folder in the commit: there is no folder c; check path; nearest folders: a"},
		"no HCL":          {files{"site/README": "", "b.hcl": ""}, "site", nil, ErrNoHCL, "folder holds no HCL file; the fleet is the *.hcl files below this folder: check path, or commit one"},
		"link":            {files{"site/a.hcl": "", "site/d/b.hcl": "-> ../a.hcl"}, "site", nil, ErrBadFile, "d/b.hcl is a symbolic link or a submodule; commit a regular file in its place"},
		"submodule":       {files{"site/a.hcl": "submodule"}, "site", nil, ErrBadFile, "a.hcl is a symbolic link or a submodule"},
		"name":            {files{"site/a.hcl": "", "site/\xff": ""}, "site", nil, ErrBadFile, `name "\xff" in folder .; rename it`},
		"too many files":  {files{"site/a.hcl": "", "site/b": "", "site/c": "", "site/d": ""}, "site", func(l *Limits) { l.Files = 3 }, ErrTooLarge, "more than 3 files and folders; raise the limit"},
		"file too large":  {files{"site/a.hcl": "12345"}, "site", func(l *Limits) { l.FileBytes = 4 }, ErrTooLarge, "file a.hcl has 5 bytes, the limit is 4"},
		"files too large": {files{"site/a.hcl": "12345", "site/b": "123456"}, "site", func(l *Limits) { l.TreeBytes = 10 }, ErrTooLarge, "its files have more than 10 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t)
			id := o.push("main", "one", c.files)
			cfg := config(t, o.dir)
			cfg.Path = c.path
			if c.lim != nil {
				c.lim(&cfg.Limits)
			}
			m := open(t, cfg)
			fetch(t, m)
			_, err := m.Tree(id)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("%v\nwant %q", err, c.text)
			}
			if want := "read folder " + c.path + " of commit " + id[:7]; !strings.HasPrefix(err.Error(), want) {
				t.Fatalf("%v\nwant it to begin with %q", err, want)
			}
			if m.Status().Damage != nil {
				t.Fatalf("a bad commit counts as damage: %v", m.Status().Damage)
			}
		})
	}
}

func TestTreeUnknown(t *testing.T) {
	o := newOrigin(t)
	id := o.push("main", "one", fleet(1))
	m := open(t, config(t, o.dir))
	fetch(t, m)
	for _, id := range []string{"main", id[:10], strings.Repeat("0", 40)} {
		if _, err := m.Tree(id); !errors.Is(err, ErrNoCommit) {
			t.Errorf("tree of %s: %v", id, err)
		}
	}
}

// TestNoGitProgram: a director need not have git for a repository on its own disk.
func TestNoGitProgram(t *testing.T) {
	o := newOrigin(t)
	o.push("main", "one", fleet(1))
	t.Setenv("PATH", "")
	for _, url := range []string{o.dir, "file://" + o.dir} {
		fetch(t, open(t, config(t, url)))
	}
}

// TestWorkTree: a repository with a work tree, and a work tree linked to it, serve as well as a bare one.
func TestWorkTree(t *testing.T) {
	needGit(t)
	o := newOrigin(t)
	id := o.push("main", "one", fleet(1))
	clone, linked := t.TempDir()+"/clone", t.TempDir()+"/linked"
	gitRun(t, "clone", "-q", o.dir, clone)
	gitRun(t, "-C", clone, "worktree", "add", "-q", "-b", "side", linked)
	for _, url := range []string{clone, linked} {
		if c := fetch(t, open(t, config(t, url))); c.ID != id {
			t.Errorf("%s: tip %s, want %s", url, c.ID, id)
		}
	}
	shallow := t.TempDir() + "/shallow"
	o.push("main", "two", fleet(2))
	gitRun(t, "clone", "-q", "--depth", "1", "file://"+o.dir, shallow)
	if _, err := open(t, config(t, shallow)).Fetch(t.Context()); !errors.Is(err, ErrShallow) || !strings.Contains(err.Error(), "git fetch --unshallow") {
		t.Errorf("a shallow clone as source: %v", err)
	}
}
