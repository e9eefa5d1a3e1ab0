package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// TestPacksBounded: thirty fetches leave few packs, and every commit readable.
func TestPacksBounded(t *testing.T) {
	for name, serve := range transports {
		if name == "file" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t)
			first := o.push("main", "0", fleet(0))
			m := open(t, serve(t, o))
			var last string
			most := 0
			for n := range 30 {
				last = o.push("main", fmt.Sprint(n), fleet(n))
				if c := fetch(t, m); c.ID != last {
					t.Fatalf("tip %s, want %s", c.ID, last)
				}
				most = max(most, packCount(t, m))
			}
			if most > mostPacks {
				t.Fatalf("up to %d packs, want at most %d", most, mostPacks)
			}
			wantAncestor(t, m, first, last, true)
			log, err := m.Log("HEAD", 100)
			if err != nil || len(log) != 31 {
				t.Fatalf("%d commits, %v", len(log), err)
			}
			for _, c := range log {
				read(t, m, c.ID, "fleet.hcl")
			}
			fsck(t, m)
		})
	}
}

func TestSmallOnes(t *testing.T) {
	for _, c := range []struct {
		sizes []int64
		want  int
	}{
		{[]int64{1, 1, 1, 1, 1, 1, 1, 1, 1}, 9},
		{[]int64{1000, 1, 1, 1, 1, 1, 1, 1, 1}, 8},
		{[]int64{1000, 1, 1, 1, 1, 1, 1, 1, 600}, 7},
		{[]int64{1, 2, 4, 8, 16, 32, 64, 128, 256}, 9},
		{[]int64{1, 100, 10_000, 1, 1, 1, 1, 1, 1}, 7},
	} {
		var packs []packFile
		for _, s := range c.sizes {
			packs = append(packs, packFile{size: s})
		}
		if got := len(smallOnes(packs)); got != c.want {
			t.Errorf("of %v merges %d, want %d", c.sizes, got, c.want)
		}
	}
}

// TestTogether: readers go on while fetches come and go, and fetches at the same time take turns.
func TestTogether(t *testing.T) {
	o := newOrigin(t)
	first := o.push("main", "one", fleet(1))
	m := open(t, config(t, o.dir))
	fetch(t, m)
	tree, err := m.Tree(first)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 12 {
		o.push("main", fmt.Sprint(n), fleet(n))
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if _, err := m.Fetch(t.Context()); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if _, err := fs.ReadFile(tree, "fleet.hcl"); err != nil {
					t.Error(err)
				}
				if _, err := m.Log("HEAD", 5); err != nil {
					t.Error(err)
				}
				m.Status()
			})
		}
		wg.Wait()
	}
	if got := packCount(t, m); got > mostPacks {
		t.Fatalf("%d packs", got)
	}
}

func TestFetchWaitsItsTurn(t *testing.T) {
	o := newOrigin(t)
	o.push("main", "one", fleet(1))
	m := open(t, config(t, o.dir))
	m.turn <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("fetch behind another one: %v", err)
	}
	<-m.turn
	fetch(t, m)
}

func TestSecondProcess(t *testing.T) {
	o := newOrigin(t)
	id := o.push("main", "one", fleet(1))
	cfg := config(t, o.dir)
	m := open(t, cfg)
	fetch(t, m)
	o.push("main", "two", fleet(2))
	release, err := disk(cfg.Dir).lock()
	o.must(err)
	leftover := m.disk.packs("tmp_pack_other")
	o.must(os.WriteFile(leftover, nil, 0o600))
	other := open(t, cfg)
	if _, err := os.Stat(leftover); err != nil {
		t.Fatalf("what another process is writing was swept away: %v", err)
	}
	if c, ok := other.Tip(); !ok || c.ID != id {
		t.Fatalf("tip %v %v", c.ID, ok)
	}
	_, err = other.Fetch(t.Context())
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "another process fetches into it; the next poll tries again") {
		t.Fatalf("fetch beside another process: %v", err)
	}
	release()
	fetch(t, other)
}

// TestServerDown: what was fetched stays, the row of failures is counted.
func TestServerDown(t *testing.T) {
	o := newOrigin(t)
	id := o.push("main", "one", fleet(1))
	cfg, now := config(t, o.dir), testTime
	cfg.Now = func() time.Time { now = now.Add(time.Second); return now }
	m := open(t, cfg)
	fetch(t, m)
	good := m.Status()
	if good.LastTry.Equal(testTime) || !good.LastSuccess.After(good.LastTry) {
		t.Fatalf("status %+v", good)
	}
	away(t, o, func() {
		var since time.Time
		for n := 1; n <= 3; n++ {
			if _, err := m.Fetch(t.Context()); !errors.Is(err, ErrNotFound) {
				t.Fatal(err)
			}
			s := m.Status()
			if s.Failures != n || s.Failing != "connect to "+o.dir || s.Tip != id || s.Damage != nil {
				t.Fatalf("status %+v", s)
			}
			if since = cmp.Or(since, s.FailingSince); !s.FailingSince.Equal(since) || !since.After(good.LastSuccess) || !s.LastSuccess.Equal(good.LastSuccess) {
				t.Fatalf("failing since %v, then %v: %+v", since, s.FailingSince, s)
			}
		}
		read(t, m, id, "fleet.hcl")
	})
	fetch(t, m)
	if s := m.Status(); s.Failures != 0 || s.Err != nil || !s.FailingSince.IsZero() {
		t.Fatalf("status %+v", s)
	}
}

// TestOtherURL: names fetched from one url are no answer for another one.
func TestOtherURL(t *testing.T) {
	one, two := newOrigin(t), newOrigin(t)
	old := one.push("main", "one", fleet(1))
	want := two.push("main", "two", fleet(2))
	cfg := config(t, one.dir)
	fetch(t, open(t, cfg))
	cfg.URL = two.dir
	m := open(t, cfg)
	if c, ok := m.Tip(); ok {
		t.Fatalf("tip %s of another repository", c.ID)
	}
	if _, err := m.Resolve(old); err != nil {
		t.Fatalf("objects stay: %v", err)
	}
	if c := fetch(t, m); c.ID != want {
		t.Fatalf("tip %s, want %s", c.ID, want)
	}
}

func TestForeignFolder(t *testing.T) {
	o := newOrigin(t)
	cfg := config(t, o.dir)
	cfg.Dir = t.TempDir()
	o.must(os.WriteFile(filepath.Join(cfg.Dir, "precious"), nil, 0o600))
	for range 2 {
		_, err := Open(cfg)
		if err == nil || !strings.Contains(err.Error(), "is not empty and no mirror of lbsync: name another folder, or remove it") {
			t.Fatalf("open in a folder of someone else: %v", err)
		}
		cfg.Dir = o.dir
	}
}

func TestTooLarge(t *testing.T) {
	o := newOrigin(t)
	o.push("main", "one", files{"site/a.hcl": strings.Repeat("a", 200_000)})
	for name, serve := range transports {
		t.Run(name, func(t *testing.T) {
			cfg := serve(t, o)
			cfg.Limits.Object = 100_000
			_ = fails(t, cfg, ErrTooLarge, "an object of 200000 bytes, the limit is 100000; raise the limit, or take the file out of the repository")
			cfg.Limits = DefaultLimits()
			cfg.Limits.Received = 100
			_ = fails(t, cfg, ErrTooLarge, "more bytes than allowed; raise the limit if the repository is meant to be that large")
			noLeftovers(t, open(t, cfg))
		})
	}
}

// TestMalformed: an object made wrong by whoever pushed it is refused, and not taken for damage, which would clone for ever.
func TestMalformed(t *testing.T) {
	o := newOrigin(t)
	first := o.push("main", "one", fleet(1))
	m := open(t, config(t, o.dir))
	fetch(t, m)
	bad := &plumbing.MemoryObject{}
	bad.SetType(plumbing.TagObject)
	_, err := bad.Write([]byte("object nothing\n"))
	o.must(err)
	h, err := o.repo.Storer.SetEncodedObject(bad)
	o.must(err)
	m.refs["refs/tags/bad"] = h
	_, err = m.disk.receive(encode(o.repo.Storer, []plumbing.Hash{h}), m.cfg.Limits)
	o.must(errors.Join(err, m.objects.reload(func() error { return nil })))
	if _, err := m.Resolve("bad"); err == nil || m.Status().Damage != nil {
		t.Fatalf("malformed tag: %v, damage %v", err, m.Status().Damage)
	}
	cfg := m.cfg
	cfg.Limits.Object = 10
	m = open(t, cfg)
	if m.Status().Damage != nil {
		t.Fatalf("a lower limit is taken for damage: %v", m.Status().Damage)
	}
	if _, err := m.Tree(first); !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
}
