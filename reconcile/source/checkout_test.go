package source

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestCheckoutReadsItsOwnRevisions(t *testing.T) {
	root := t.TempDir()
	run := func(dir string, args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=Ann", "-c", "user.email=ann@example.org"}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	origin, clone := filepath.Join(root, "origin"), filepath.Join(root, "clone")
	write(filepath.Join(origin, "fleet/a.hcl"), "one")
	run(origin, "init", "-q", "-b", "main")
	run(origin, "add", ".")
	run(origin, "commit", "-q", "-m", "First")
	write(filepath.Join(origin, "fleet/a.hcl"), "two")
	run(origin, "commit", "-q", "-a", "-m", "Second")
	// As CI has it: one commit deep, detached, without a branch of its own.
	run(root, "clone", "-q", "--depth", "1", "file://"+origin, clone)
	run(clone, "checkout", "-q", "--detach")
	run(clone, "branch", "-q", "-D", "main")

	for dir, revs := range map[string]map[string]string{
		filepath.Join(origin, "fleet"): {"HEAD": "two", "main~1": "one"},
		filepath.Join(clone, "fleet"):  {"HEAD": "two", "origin/main": "two"},
	} {
		c, err := OpenCheckout(dir)
		if err != nil {
			t.Fatal(err)
		}
		for rev, want := range revs {
			commit, err := c.Resolve(rev)
			if err != nil {
				t.Fatalf("%s: %v", rev, err)
			}
			tree, err := c.Tree(commit.ID)
			if err != nil {
				t.Fatalf("%s: %v", rev, err)
			}
			if b, err := fs.ReadFile(tree, "a.hcl"); err != nil || string(b) != want {
				t.Errorf("%s of %s holds %q, %v, want %q", rev, dir, b, err, want)
			}
		}
		if _, err := c.Resolve("nonsense"); !errors.Is(err, ErrNoCommit) {
			t.Errorf("unknown revision: %v", err)
		}
	}
	if _, err := OpenCheckout(root); !errors.Is(err, ErrNotFound) {
		t.Errorf("no work tree: %v", err)
	}
}
