package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/runtime/director"
	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/identity"
)

// soakCommits names how many commits TestSoak makes; without it there is no soak.
const soakCommits = "LBSYNC_SOAK"

// TestSoak follows thousands of commits with an agent whose other director accepts connections and never says a word. Nothing may grow: not
// the heap, nor goroutines, nor descriptors. The repository, the state folder and the sockets are real, the kernel is a fake one.
func TestSoak(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv(soakCommits))
	if n == 0 {
		t.Skipf("a soak takes minutes: make soak, or %s=COMMITS", soakCommits)
	}
	s := newSoak(t, n)
	client := s.start()
	var taken []usage
	const samples = 10
	for i := range n {
		s.merge(i)
		if _, err := client.Do(t.Context(), spec.Command{Verb: spec.Refresh}); err != nil {
			t.Fatalf("commit %d: %v", i, err)
		}
		if (i+1)%max(n/samples, 1) == 0 {
			status, err := client.Status(t.Context())
			if err != nil || status.Applied == nil || status.Applied.Commit.ID != s.ids[i] {
				t.Fatalf("commit %d: applied %+v, %s, holds %+v, error %v", i, status.Applied, status.Phase, status.Holds, err)
			}
			u := s.usage(i + 1)
			taken = append(taken, u)
			t.Log(u)
		}
	}
	flat(t, taken)
}

// flat compares the end with what was so after a fifth of the commits, when all caches are full.
func flat(t *testing.T, taken []usage) {
	t.Helper()
	early, late := taken[len(taken)/5], taken[len(taken)-1]
	if late.heap > early.heap+early.heap/4+4<<20 {
		t.Errorf("the heap grew from %d to %d KB", early.heap>>10, late.heap>>10)
	}
	if late.goroutines > early.goroutines+3 {
		t.Errorf("goroutines grew from %d to %d", early.goroutines, late.goroutines)
	}
	if late.files > early.files+3 {
		t.Errorf("descriptors grew from %d to %d", early.files, late.files)
	}
}

// usage is what this process, with the agent in it, has at one moment.
type usage struct {
	commits, goroutines, files int
	heap                       uint64 // bytes that are in use after a collection
	resident                   int    // KB
	state                      int64  // bytes of the state folder
	took                       time.Duration
}

func (u usage) String() string {
	return fmt.Sprintf("%6d commits: heap %5d KB, resident %6d KB, %d goroutines, %d descriptors, state folder %6d KB, %s a commit",
		u.commits, u.heap>>10, u.resident, u.goroutines, u.files, u.state>>10, u.took.Round(100*time.Microsecond))
}

type soak struct {
	*testing.T
	dir   string
	ids   []string // of the commits
	since time.Time
	last  int
}

// newSoak makes all commits of the repository, and a branch that shows none of them yet.
func newSoak(t *testing.T, n int) *soak {
	s := &soak{T: t, dir: t.TempDir(), since: time.Now()}
	hole, err := net.Listen("tcp", "127.0.0.1:0") // its backlog accepts
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hole.Close() })
	var keys []string
	for _, name := range []string{"lb1", "lb2"} {
		k, err := identity.Create(s.path(name + ".pem"))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k.Public)
	}
	var in bytes.Buffer
	for i := range n {
		text := fmt.Sprintf(soakFleet, keys[0], hole.Addr(), keys[1], 1+i%100, 1+i/100%100)
		fmt.Fprintf(&in, "commit refs/heads/all\nmark :%d\ncommitter Ann <ann@example.org> %d +0000\ndata 6\nChange\n", i+1, 1700000000+i)
		fmt.Fprintf(&in, "M 100644 inline fleet.hcl\ndata %d\n%s\n", len(text), text)
	}
	s.git(nil, "init", "-q", "-b", "main", s.path("fleet"))
	s.git(&in, "-C", s.path("fleet"), "fast-import", "--quiet")
	s.ids = strings.Fields(s.git(nil, "-C", s.path("fleet"), "rev-list", "--reverse", "all"))
	s.git(nil, "-C", s.path("fleet"), "update-ref", "-d", "refs/heads/all")
	return s
}

// soakFleet waits for the silent director for a second, once, and then goes on.
const soakFleet = `director "lb1" {
  endpoint   = "127.0.0.1:9"
  public_key = %q
}
director "lb2" {
  endpoint   = %q
  public_key = %q
}
cluster "web" {
  directors = ["lb1", "lb2"]
  rollout {
    peer_timeout    = "1s"
    on_peer_timeout = "proceed"
  }
  virtual_server "web" {
    address    = "192.0.2.100"
    port       = 80
    protocol   = "tcp"
    scheduler  = "wrr"
    forwarding = "dr"
    real_server "192.0.2.21" { weight = %d }
    real_server "192.0.2.22" { weight = %d }
  }
}
`

func (s *soak) path(name string) string { return filepath.Join(s.dir, name) }

func (s *soak) git(in io.Reader, args ...string) string {
	s.Helper()
	cmd := exec.CommandContext(s.Context(), "git", args...)
	cmd.Stdin = in
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// merge moves the branch to a commit.
func (s *soak) merge(i int) {
	if err := os.WriteFile(s.path("fleet/.git/refs/heads/main"), []byte(s.ids[i]+"\n"), 0o644); err != nil {
		s.Fatal(err)
	}
}

// start runs an agent in this process until the test is over.
func (s *soak) start() *api.Client {
	s.merge(0)
	config := fmt.Sprintf("director = \"lb1\"\nstate = %q\nsocket = %q\nkey_file = %q\nlisten = \"off\"\nlog_level = \"error\"\nsource \"git\" {\n  url = %q\n  branch = \"main\"\n  poll = \"1h\"\n}\n",
		s.path("state"), s.path("agent.sock"), s.path("lb1.pem"), s.path("fleet"))
	if err := os.WriteFile(s.path("agent.hcl"), []byte(config), 0o644); err != nil {
		s.Fatal(err)
	}
	a := newApp(strings.NewReader(""), io.Discard, os.Stderr)
	a.conns, a.config = false, s.path("agent.hcl")
	a.kernel = func(kernel.Options) (director.Kernel, error) { return fileKernel{s.path("kernel.json")}, nil }
	cfg, err := a.agentConfig()
	if err != nil {
		s.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.serve(ctx, cfg) }()
	s.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			s.Errorf("the agent ends with %v", err)
		}
	})
	return s.dial()
}

// dial waits until the agent answers and the silent director is waited for no more.
func (s *soak) dial() *api.Client {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := api.Dial(s.path("agent.sock"))
		if err == nil {
			if st, err := c.Status(s.Context()); err == nil && st.Applied != nil && len(st.Peers) == 1 && !st.Peers[0].Silent.IsZero() && time.Since(st.Peers[0].Silent) > time.Second {
				s.Cleanup(c.Close)
				return c
			}
			c.Close()
		}
		select {
		case <-tick.C:
		case <-s.Context().Done():
			s.Fatalf("the agent does not answer: %v", err)
		}
	}
}

// usage is taken after a collection.
func (s *soak) usage(commits int) usage {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u := usage{commits: commits, goroutines: runtime.NumGoroutine(), heap: m.HeapAlloc, took: time.Since(s.since) / time.Duration(commits-s.last)}
	s.since, s.last = time.Now(), commits
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		s.Fatal(err)
	}
	u.files = len(files)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		s.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		_, _ = fmt.Sscanf(line, "VmRSS: %d kB", &u.resident)
	}
	_ = filepath.WalkDir(s.path("state"), func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				u.state += info.Size()
			}
		}
		return nil // a file that went meanwhile counts nothing
	})
	return u
}
