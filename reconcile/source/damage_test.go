package source

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// spoil finds the one pack of a mirror and ruins it, writable or not.
func spoil(t *testing.T, m *Mirror, how func(path string, raw []byte) error) {
	t.Helper()
	for _, p := range list(t, m) {
		raw, err := os.ReadFile(p)
		if err == nil {
			err = how(p, raw)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestDamageAtStart: a mirror ruined on disk opens, says so, keeps still while the server is down, and is cloned anew when it is back.
func TestDamageAtStart(t *testing.T) {
	for name, ruin := range map[string]func(t *testing.T, m *Mirror){
		"pack cut short": func(t *testing.T, m *Mirror) {
			spoil(t, m, func(p string, raw []byte) error { return os.Truncate(p, int64(len(raw)/2)) })
		},
		"pack without its last byte": func(t *testing.T, m *Mirror) {
			spoil(t, m, func(p string, raw []byte) error { return os.Truncate(p, int64(len(raw)-1)) })
		},
		"pack empty": func(t *testing.T, m *Mirror) {
			spoil(t, m, func(p string, _ []byte) error { return os.Truncate(p, 0) })
		},
		"pack missing": func(t *testing.T, m *Mirror) {
			spoil(t, m, func(p string, _ []byte) error { return os.Remove(p) })
		},
		"index cut short": func(t *testing.T, m *Mirror) {
			spoil(t, m, func(p string, _ []byte) error { return os.Truncate(strings.TrimSuffix(p, "pack")+"idx", 100) })
		},
		"names torn": func(t *testing.T, m *Mirror) {
			if err := os.WriteFile(m.disk.path("packed-refs"), []byte("0123 refs/heads/main\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"shallow torn": func(t *testing.T, m *Mirror) {
			if err := os.WriteFile(m.disk.path("shallow"), []byte("0123\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t)
			id := o.push("main", "one", fleet(1))
			cfg := config(t, o.dir)
			m := open(t, cfg)
			fetch(t, m)
			ruin(t, m)

			m = open(t, cfg)
			if err := m.Status().Damage; !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "the next fetch that reaches the server moves it away and clones anew") {
				t.Fatalf("damage at start: %v", err)
			}
			away(t, o, func() {
				if _, err := m.Fetch(t.Context()); !errors.Is(err, ErrNotFound) || m.Status().Moved != "" {
					t.Fatalf("fetch without a server: %v, moved %q", err, m.Status().Moved)
				}
			})
			if c := fetch(t, m); c.ID != id {
				t.Fatalf("tip %s, want %s", c.ID, id)
			}
			if s := m.Status(); s.Damage != nil || s.Moved != cfg.Dir+".damaged" {
				t.Fatalf("status %+v", s)
			}
			if _, err := os.Stat(cfg.Dir + ".damaged/config"); err != nil {
				t.Fatal(err)
			}
			read(t, m, id, "fleet.hcl")
			fsck(t, m)
		})
	}
}

// away runs f while the repository is gone.
func away(t *testing.T, o *origin, f func()) {
	t.Helper()
	o.must(os.Rename(o.dir, o.dir+".gone"))
	f()
	o.must(os.Rename(o.dir+".gone", o.dir))
}

// TestDeletedWhileRunning: a mirror that is deleted, or emptied, under its process is cloned anew by the next fetch.
func TestDeletedWhileRunning(t *testing.T) {
	for name, ruin := range map[string]func(dir string) error{
		"deleted": os.RemoveAll,
		"emptied": func(dir string) error { return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)) },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t)
			o.push("main", "one", fleet(1))
			cfg := config(t, o.dir)
			m := open(t, cfg)
			fetch(t, m)
			o.must(ruin(cfg.Dir))
			fetch(t, m)
			id := o.push("main", "two", fleet(2))
			fetch(t, m)
			if s := m.Status(); s.Damage != nil || s.Tip != id {
				t.Fatalf("status %+v", s)
			}
			read(t, m, id, "fleet.hcl")
			fsck(t, m)
		})
	}
}

// TestDamageWhileReading: bytes that turn bad under a running process are noticed by the id of the object, never handed out.
func TestDamageWhileReading(t *testing.T) {
	o := newOrigin(t)
	text := "# " + strings.Repeat("0123456789abcdef", 500) + "\n"
	id := o.push("main", "one", files{"site/a.hcl": text, "site/b.hcl": "b"})
	m := open(t, config(t, o.dir))
	fetch(t, m)
	tree, err := m.Tree(id)
	if err != nil {
		t.Fatal(err)
	}
	spoil(t, m, func(p string, raw []byte) error {
		for i := 12; i < len(raw)-20; i++ {
			raw[i] ^= 0x55
		}
		return errors.Join(os.Chmod(p, 0o600), os.WriteFile(p, raw, 0o600))
	})
	o.must(m.objects.reload(func() error { return nil }))
	// What the fetch read and checked is handed out once, whatever became of the disk.
	if got, err := fs.ReadFile(tree, "a.hcl"); err != nil || string(got) != text {
		t.Fatalf("read of what the fetch has checked: %q, %v", got, err)
	}
	if _, err := tree.Open("a.hcl"); !errors.Is(err, ErrDamaged) {
		t.Fatalf("read of a ruined object: %v", err)
	}
	if !errors.Is(m.Status().Damage, ErrDamaged) {
		t.Fatalf("damage in status: %v", m.Status().Damage)
	}
	fetch(t, m)
	if got := read(t, m, id, "a.hcl"); got != text {
		t.Fatal("the file differs after the new clone")
	}
}

// TestForgedObject: an object filed under another id is refused, though its bytes unpack well.
func TestForgedObject(t *testing.T) {
	o := newOrigin(t)
	right, wrong := o.blob("right").String(), o.blob("wrong").String()
	m := open(t, config(t, o.dir))
	raw, err := os.ReadFile(o.dir + "/objects/" + wrong[:2] + "/" + wrong[2:])
	o.must(err)
	o.must(os.MkdirAll(m.disk.path("objects", right[:2]), 0o755))
	o.must(os.WriteFile(m.disk.path("objects", right[:2], right[2:]), raw, 0o600))
	if _, err := m.objects.read(plumbing.NewHash(right)); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "its content has the id "+wrong) {
		t.Fatalf("read of a forged object: %v", err)
	}
}
