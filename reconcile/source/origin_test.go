package source

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// origin is a bare repository on disk, written with go-git.
type origin struct {
	t    testing.TB
	dir  string
	repo *git.Repository
	tick int
}

func newOrigin(t testing.TB) *origin {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "fleet.git")
	repo, err := git.PlainInit(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	o := &origin{t: t, dir: dir, repo: repo}
	o.point("HEAD", plumbing.NewSymbolicReference(plumbing.HEAD, "refs/heads/main"))
	return o
}

func (o *origin) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *origin) point(_ string, ref *plumbing.Reference) { o.must(o.repo.Storer.SetReference(ref)) }

func (o *origin) put(e interface {
	Encode(plumbing.EncodedObject) error
}) plumbing.Hash {
	o.t.Helper()
	m := o.repo.Storer.NewEncodedObject()
	o.must(e.Encode(m))
	h, err := o.repo.Storer.SetEncodedObject(m)
	o.must(err)
	return h
}

func (o *origin) blob(text string) plumbing.Hash {
	m := o.repo.Storer.NewEncodedObject()
	m.SetType(plumbing.BlobObject)
	w, err := m.Writer()
	o.must(err)
	_, err = w.Write([]byte(text))
	o.must(err)
	h, err := o.repo.Storer.SetEncodedObject(m)
	o.must(err)
	return h
}

// files maps paths to contents; a content "-> x" is a symbolic link to x, "submodule" a submodule.
type files map[string]string

func (o *origin) tree(f files) plumbing.Hash {
	t := &object.Tree{}
	below := map[string]files{}
	for name, text := range f {
		dir, rest, nested := strings.Cut(name, "/")
		switch {
		case nested:
			if below[dir] == nil {
				below[dir] = files{}
			}
			below[dir][rest] = text
		case strings.HasPrefix(text, "-> "):
			t.Entries = append(t.Entries, object.TreeEntry{Name: name, Mode: filemode.Symlink, Hash: o.blob(text[3:])})
		case text == "submodule":
			t.Entries = append(t.Entries, object.TreeEntry{Name: name, Mode: filemode.Submodule, Hash: plumbing.NewHash(strings.Repeat("ab", 20))})
		default:
			t.Entries = append(t.Entries, object.TreeEntry{Name: name, Mode: filemode.Regular, Hash: o.blob(text)})
		}
	}
	for dir, inner := range below {
		t.Entries = append(t.Entries, object.TreeEntry{Name: dir, Mode: filemode.Dir, Hash: o.tree(inner)})
	}
	sort.Sort(object.TreeEntrySorter(t.Entries))
	return o.put(t)
}

// commit adds a commit with these files and parents; it moves no branch.
func (o *origin) commit(message string, f files, parents ...string) string {
	o.t.Helper()
	o.tick++
	who := object.Signature{Name: "Ada", Email: "ada@example.net", When: time.Unix(1_700_000_000+int64(o.tick)*60, 0).UTC()}
	c := &object.Commit{Author: who, Committer: who, Message: message, TreeHash: o.tree(f)}
	for _, p := range parents {
		c.ParentHashes = append(c.ParentHashes, plumbing.NewHash(p))
	}
	return o.put(c).String()
}

// push adds a commit on top of a branch.
func (o *origin) push(branch, message string, f files) string {
	o.t.Helper()
	var parents []string
	name := plumbing.NewBranchReferenceName(branch)
	if ref, err := o.repo.Reference(name, true); err == nil {
		parents = []string{ref.Hash().String()}
	}
	id := o.commit(message, f, parents...)
	o.branch(branch, id)
	return id
}

func (o *origin) branch(name, id string) {
	o.point(name, plumbing.NewHashReference(plumbing.NewBranchReferenceName(name), plumbing.NewHash(id)))
}

func (o *origin) tag(name, id string) {
	o.point(name, plumbing.NewHashReference(plumbing.NewTagReferenceName(name), plumbing.NewHash(id)))
}

func (o *origin) annotate(name, id string) plumbing.Hash {
	who := object.Signature{Name: "Ada", Email: "ada@example.net", When: time.Unix(1_700_000_000, 0).UTC()}
	h := o.put(&object.Tag{Name: name, Tagger: who, Message: "release\n", TargetType: plumbing.CommitObject, Target: plumbing.NewHash(id)})
	o.tag(name, h.String())
	return h
}

// fleet is a small tree that differs with n.
func fleet(n int) files {
	return files{"site/fleet.hcl": fmt.Sprintf("# %d\ndirector \"lb1\" {}\n", n), "site/pools/web.hcl": "# web\n", "README": "fleet\n"}
}

var testTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// config follows branch main of url in a fresh folder.
func config(t testing.TB, url string) Config {
	return Config{
		URL: url, Branch: "main", Path: "site", Dir: filepath.Join(t.TempDir(), "mirror"),
		Timeout: 20 * time.Second, Limits: DefaultLimits(), Now: func() time.Time { return testTime },
	}
}

func open(t testing.TB, cfg Config) *Mirror {
	t.Helper()
	m, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func fetch(t testing.TB, m *Mirror) Commit {
	t.Helper()
	c, err := m.Fetch(t.Context())
	if err != nil {
		t.Fatalf("fetch: %v", err)
	}
	return c
}

// fsck asks the real git whether the mirror is sound.
func fsck(t testing.TB, m *Mirror) {
	t.Helper()
	needGit(t)
	gitRun(t, "-C", m.cfg.Dir, "fsck", "--full", "--strict", "--no-dangling")
}

func gitRun(t testing.TB, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func needGit(t testing.TB) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git: it serves the repositories of this test")
	}
}

func packCount(t testing.TB, m *Mirror) int {
	t.Helper()
	packs, err := m.disk.listPacks()
	if err != nil {
		t.Fatal(err)
	}
	return len(packs)
}
