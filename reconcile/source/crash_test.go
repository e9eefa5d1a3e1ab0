package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets a test run this binary as a process that fetches, to be killed.
func TestMain(m *testing.M) {
	if url := os.Getenv("SOURCE_TEST_FETCH"); url != "" {
		cfg := Config{URL: url, Branch: "main", Path: "site", Dir: os.Getenv("SOURCE_TEST_DIR"), Timeout: time.Hour, Limits: DefaultLimits(), Now: time.Now}
		mirror, err := Open(cfg)
		if err == nil {
			_, err = mirror.Fetch(context.Background())
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// stall passes on half of the first pack, tells, and then waits for the client to go away.
func stall(next http.Handler, half chan<- struct{}) http.Handler {
	var once sync.Once
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first := false
		if strings.HasSuffix(r.URL.Path, "/git-upload-pack") {
			once.Do(func() { first = true })
		}
		if !first {
			next.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
		_, _ = w.Write(rec.Body.Bytes()[:rec.Body.Len()/2])
		_ = http.NewResponseController(w).Flush()
		close(half)
		<-r.Context().Done()
	})
}

// TestKilledWhileReceiving kills a real process in the middle of its pack, at first sight and in a mirror that has one.
func TestKilledWhileReceiving(t *testing.T) {
	for _, before := range []int{0, 1, 2} {
		t.Run(fmt.Sprintf("after %d fetches", before), func(t *testing.T) {
			o := newOrigin(t)
			first := o.push("main", "one", fleet(1))
			half := make(chan struct{})
			quick := httptest.NewServer(backend(t, o))
			defer quick.Close()
			srv := httptest.NewServer(stall(backend(t, o), half))
			defer srv.Close()
			cfg := config(t, quick.URL+"/fleet.git")
			for range before {
				fetch(t, open(t, cfg))
			}
			second := o.push("main", "two", fleet(2))

			// Both urls are one repository: the killed process must not think otherwise.
			cfg.URL = srv.URL + "/fleet.git"
			if err := disk(cfg.Dir).write("config", configText(cfg.URL)); before > 0 && err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "SOURCE_TEST_FETCH="+cfg.URL, "SOURCE_TEST_DIR="+cfg.Dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-half
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()

			m := open(t, cfg)
			if c, ok := m.Tip(); ok != (before > 0) || ok && c.ID != first {
				t.Fatalf("tip after the kill: %v %v", c.ID, ok)
			}
			noLeftovers(t, m)
			if c := fetch(t, m); c.ID != second {
				t.Fatalf("tip %s, want %s", c.ID, second)
			}
			fetch(t, m)
			wantAncestor(t, m, first, second, true)
			fsck(t, m)
		})
	}
}

func noLeftovers(t *testing.T, m *Mirror) {
	t.Helper()
	for _, pattern := range []string{m.disk.path("tmp_*"), m.disk.packs("tmp_*")} {
		if left, err := filepath.Glob(pattern); err != nil || len(left) > 0 {
			t.Fatalf("left over: %v %v", left, err)
		}
	}
	idx, err := filepath.Glob(m.disk.packs("*.idx"))
	if err != nil || len(idx) != packCount(t, m) {
		t.Fatalf("%d indexes, %d packs, %v", len(idx), packCount(t, m), err)
	}
}

// TestKilledBetweenFiles builds the states in which a kill between two renames leaves the mirror.
func TestKilledBetweenFiles(t *testing.T) {
	newPack := func(t *testing.T, m *Mirror, before map[string]bool) string {
		for _, p := range list(t, m) {
			if !before[p] {
				return strings.TrimSuffix(p, ".pack")
			}
		}
		t.Fatal("no new pack")
		return ""
	}
	for name, cripple := range map[string]func(base string) error{
		"names not written": func(string) error { return nil },
		"index without its pack": func(base string) error {
			return os.Remove(base + ".pack")
		},
		"torn index of go-git's kind": func(base string) error {
			return errors.Join(os.Remove(base+".pack"), os.Truncate(base+".idx", 40))
		},
		"half a pack under its temporary name": func(base string) error {
			return errors.Join(os.Truncate(base+".pack", 20), os.Rename(base+".pack", filepath.Join(filepath.Dir(base), "tmp_pack_1")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t)
			first := o.push("main", "one", fleet(1))
			cfg := config(t, o.dir)
			m := open(t, cfg)
			fetch(t, m)
			refs, before := m.refs, map[string]bool{}
			for _, p := range list(t, m) {
				before[p] = true
			}
			second := o.push("main", "two", fleet(2))
			fetch(t, m)
			if err := errors.Join(m.disk.writeRefs(refs), cripple(newPack(t, m, before))); err != nil {
				t.Fatal(err)
			}
			m = open(t, cfg)
			if c, ok := m.Tip(); !ok || c.ID != first || m.Status().Damage != nil {
				t.Fatalf("tip %v %v, damage %v", c.ID, ok, m.Status().Damage)
			}
			noLeftovers(t, m)
			if c := fetch(t, m); c.ID != second || m.Status().Moved != "" {
				t.Fatalf("tip %s, want %s; moved %q", c.ID, second, m.Status().Moved)
			}
			fsck(t, m)
		})
	}
}

func list(t *testing.T, m *Mirror) []string {
	t.Helper()
	packs, err := filepath.Glob(m.disk.packs("pack-*.pack"))
	if err != nil {
		t.Fatal(err)
	}
	return packs
}
