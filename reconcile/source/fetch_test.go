package source

import (
	"io/fs"
	"slices"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// transports are the ways to one and the same repository.
var transports = map[string]func(testing.TB, *origin) Config{
	"path": func(t testing.TB, o *origin) Config { return config(t, o.dir) },
	"file": func(t testing.TB, o *origin) Config { return config(t, "file://"+o.dir) },
	"https": func(t testing.TB, o *origin) Config {
		cfg, _ := serveHTTPS(t, o, "s3cret")
		return cfg
	},
	"ssh": func(t testing.TB, o *origin) Config { return serveSSH(t, o) },
}

func read(t testing.TB, m *Mirror, id, name string) string {
	t.Helper()
	f, err := m.Tree(id)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := fs.ReadFile(f, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func wantAncestor(t testing.TB, m *Mirror, a, b string, want bool) {
	t.Helper()
	got, err := m.IsAncestor(a, b)
	if err != nil || got != want {
		t.Fatalf("IsAncestor(%s, %s) = %v, %v; want %v", a, b, got, err, want)
	}
}

// TestFollowBranch walks a branch through its life over every transport: first sight, history, growth, force push, restart without a server.
func TestFollowBranch(t *testing.T) {
	for name, serve := range transports {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t)
			first := o.push("main", "one", fleet(1))
			o.push("main", "two", fleet(2))
			third := o.push("main", "three", fleet(3))
			m := open(t, serve(t, o))
			if c := fetch(t, m); c.ID != third || c.Subject != "three" || c.Author != "Ada" {
				t.Fatalf("tip %+v, want %s", c, third)
			}
			if got := read(t, m, third, "fleet.hcl"); got != fleet(3)["site/fleet.hcl"] {
				t.Fatalf("fleet.hcl = %q", got)
			}
			fetch(t, m)
			if m.Status().Shallow {
				t.Fatal("the second fetch left the history cut")
			}
			wantAncestor(t, m, first, third, true)
			wantAncestor(t, m, third, first, false)
			if got := packCount(t, m); got > 2 {
				t.Fatalf("%d packs after first sight and history", got)
			}
			fetch(t, m)

			fourth := o.push("main", "four", fleet(4))
			if c := fetch(t, m); c.ID != fourth {
				t.Fatalf("tip %s, want %s", c.ID, fourth)
			}
			wantAncestor(t, m, third, fourth, true)
			wantNew(t, m, fourth)

			other := o.commit("other", fleet(5), first)
			o.branch("main", other)
			if c := fetch(t, m); c.ID != other {
				t.Fatalf("tip after force push %s, want %s", c.ID, other)
			}
			wantNew(t, m, other)
			wantAncestor(t, m, fourth, other, false)
			wantAncestor(t, m, first, other, true)
			fsck(t, m)

			again := open(t, m.cfg)
			if c, ok := again.Tip(); !ok || c.ID != other {
				t.Fatalf("tip after restart %v %v", c, ok)
			}
			if got := read(t, again, fourth, "fleet.hcl"); got != fleet(4)["site/fleet.hcl"] {
				t.Fatalf("a commit that was pushed away reads %q", got)
			}
		})
	}
}

// wantNew checks that the pack which brought a commit holds no more than the commit, two folders and a file.
func wantNew(t testing.TB, m *Mirror, id string) {
	t.Helper()
	packs, err := m.disk.listPacks()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packs {
		ids, err := idsOf([]packFile{p})
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(ids, plumbing.NewHash(id)) && len(ids) > 4 {
			t.Fatalf("%d objects came with commit %s, want 4", len(ids), id)
		}
	}
}
