package source

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestFollowTag(t *testing.T) {
	for name, serve := range transports {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t)
			first := o.push("main", "one", fleet(1))
			second := o.push("main", "two", fleet(2))
			o.tag("light", first)
			object := o.annotate("v1", first)
			cfg := serve(t, o)
			cfg.Branch, cfg.Tag = "", "v1"
			m := open(t, cfg)
			if c := fetch(t, m); c.ID != first {
				t.Fatalf("tip %s, want the tagged commit %s", c.ID, first)
			}
			if !m.objects.has(object) {
				t.Fatal("the tag object is not here: its signature could not be verified")
			}
			fetch(t, m)
			if c, err := m.Resolve("light"); err != nil || c.ID != first {
				t.Fatalf("the light tag of the same commit: %v, %v", c.ID, err)
			}
			o.annotate("v1", second)
			if c := fetch(t, m); c.ID != second {
				t.Fatalf("tip %s, want where the tag was moved %s", c.ID, second)
			}
			wantAncestor(t, m, first, second, true)
			fsck(t, m)
		})
	}
}

func TestFollowCommit(t *testing.T) {
	for name, serve := range transports {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t)
			o.push("main", "one", fleet(1))
			pinned := o.push("main", "two", fleet(2))
			o.push("main", "three", fleet(3))
			cfg := serve(t, o)
			cfg.Branch, cfg.Commit = "", pinned
			m := open(t, cfg)
			if c := fetch(t, m); c.ID != pinned {
				t.Fatalf("tip %s, want %s", c.ID, pinned)
			}
			fetch(t, m)
			if m.Status().Shallow {
				t.Fatal("the history of the pinned commit is cut after two fetches")
			}
			if err := os.RemoveAll(o.dir); err != nil {
				t.Fatal(err)
			}
			if c := fetch(t, m); c.ID != pinned {
				t.Fatal("a pinned commit that is here needs no server")
			}
		})
	}
}

// TestCommitOffered: a server that hands out any commit gives the pinned one without its history first.
func TestCommitOffered(t *testing.T) {
	o := newOrigin(t)
	o.push("main", "one", fleet(1))
	pinned := o.push("main", "two", fleet(2))
	o.push("main", "three", fleet(3))
	conf, err := o.repo.Config()
	o.must(err)
	conf.Raw.SetOption("uploadpack", "", "allowReachableSHA1InWant", "true")
	o.must(o.repo.SetConfig(conf))
	cfg, _ := serveHTTPS(t, o, "")
	cfg.Branch, cfg.Commit = "", pinned
	m := open(t, cfg)
	if c := fetch(t, m); c.ID != pinned || !m.Status().Shallow {
		t.Fatalf("tip %s, cut %v; want %s, true", c.ID, m.Status().Shallow, pinned)
	}
	fetch(t, m)
	if m.Status().Shallow {
		t.Fatal("cut after the second fetch")
	}
	fsck(t, m)
}

func TestResolve(t *testing.T) {
	o := newOrigin(t)
	first := o.push("main", "one\n\nwhy it\nis so\n", fleet(1))
	second := o.push("main", "two", fleet(2))
	side := o.commit("side", fleet(9), first)
	merge := o.commit("merge", fleet(3), second, side)
	o.branch("main", merge)
	o.branch("feature/x", side)
	o.push("elsewhere", "unrelated", fleet(7))
	o.annotate("v1.0", second)
	m := open(t, config(t, o.dir))
	if _, err := m.Resolve("HEAD"); !errors.Is(err, ErrNoCommit) {
		t.Fatalf("HEAD before the first fetch: %v", err)
	}
	fetch(t, m)
	if _, err := m.Resolve("v1.0"); !errors.Is(err, ErrShallow) || !strings.Contains(err.Error(), "the next fetch brings it") {
		t.Fatalf("an older tag at first sight: %v", err)
	}
	fetch(t, m)
	for rev, want := range map[string]string{
		"HEAD": merge, merge: merge, merge[:12]: merge, second[:7]: second, "main": merge, "refs/heads/main": merge,
		"feature/x": side, "v1.0": second, "refs/tags/v1.0": second, "v1.0~1": first, "HEAD~": second, "HEAD~2": first,
		"HEAD^2": side, "HEAD^2~1": first, "HEAD^^": first, "HEAD~0": merge, "main^0": merge,
	} {
		if c, err := m.Resolve(rev); err != nil || c.ID != want {
			t.Errorf("%s is %s, %v; want %s", rev, c.ID, err, want)
		}
	}
	for rev, want := range map[string]string{
		"HEAD~9":                    "has 0 parents",
		"HEAD^3":                    "has 2 parents",
		"mian":                      "what points into it: main",
		"elsewhere":                 "no such commit",
		"v1.0~99999999999999999999": "smaller number",
		"abc":                       "no such commit",
		strings.Repeat("0", 40):     "no such commit",
	} {
		if c, err := m.Resolve(rev); !errors.Is(err, ErrNoCommit) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is %s, %v; want an error with %q", rev, c.ID, err, want)
		}
	}
	c, err := m.Resolve(first)
	if err != nil || c.Subject != "one" || c.Body != "why it\nis so" || c.Email != "ada@example.net" || c.When.Unix() != 1_700_000_060 {
		t.Errorf("first commit %+v, %v", c, err)
	}
}

func TestResolveAmbiguous(t *testing.T) {
	o := newOrigin(t)
	seen := map[string]string{}
	var twin string
	for n := 0; twin == ""; n++ {
		id := o.push("main", "again", files{"site/a.hcl": ""})
		twin = seen[id[:4]]
		seen[id[:4]] = id
	}
	m := open(t, config(t, o.dir))
	fetch(t, m)
	fetch(t, m)
	_, err := m.Resolve(twin[:4])
	if !errors.Is(err, ErrAmbiguous) || !strings.Contains(err.Error(), twin[:8]) {
		t.Fatalf("%s: %v; want the two ids", twin[:4], err)
	}
}

func TestLog(t *testing.T) {
	o := newOrigin(t)
	first := o.push("main", "one", fleet(1))
	second := o.push("main", "two", fleet(2))
	side := o.commit("side", fleet(9), first)
	merge := o.commit("merge", fleet(3), second, side)
	o.branch("main", merge)
	cfg, _ := serveHTTPS(t, o, "")
	m := open(t, cfg)
	fetch(t, m)
	short, err := m.Log("HEAD", 10)
	if err != nil || len(short) != 1 {
		t.Fatalf("log at first sight %v, %v", short, err)
	}
	if _, err := m.IsAncestor(first, merge); !errors.Is(err, ErrShallow) {
		t.Fatalf("ancestry at first sight: %v, want ErrShallow", err)
	}
	if _, err := m.Resolve("HEAD~1"); !errors.Is(err, ErrShallow) {
		t.Fatalf("parent at first sight: %v, want ErrShallow", err)
	}
	fetch(t, m)
	log, err := m.Log("main", 3)
	if err != nil || len(log) != 3 || log[0].ID != merge || log[1].ID != side || log[2].ID != second {
		t.Fatalf("log %v, %v", log, err)
	}
	wantAncestor(t, m, first, merge, true)
	wantAncestor(t, m, merge, merge, true)
	wantAncestor(t, m, strings.Repeat("ab", 20), merge, false)
	if _, err := m.IsAncestor(merge, strings.Repeat("ab", 20)); !errors.Is(err, ErrNoCommit) {
		t.Fatalf("ancestry of a stranger: %v", err)
	}
}
