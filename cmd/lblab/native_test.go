package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/topology"
	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// native starts /proc/self/exe, which is the test binary here.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "inside" {
		main()
	}
	os.Exit(m.Run())
}

// record is a sink that keeps everything.
type record struct {
	stdout, stderr string
	codes          []int
	first          func() // called at the first output
}

func (r *record) Output(_ int, kind wire.Kind, data []byte) error {
	if kind == wire.Stderr {
		r.stderr += string(data)
		return nil
	}
	if r.stdout == "" && r.first != nil {
		r.first()
	}
	r.stdout += string(data)
	return nil
}

func (r *record) Exit(_, code int, _ time.Duration) error {
	r.codes = append(r.codes, code)
	return nil
}

// sh gives a job of shell scripts.
func sh(t *testing.T, scripts ...string) wire.Job {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	var job wire.Job
	for _, s := range scripts {
		job.Commands = append(job.Commands, wire.Command{Args: []string{"sh", "-c", s}, Dir: t.TempDir(), Env: []string{"PATH=" + os.Getenv("PATH")}})
	}
	return job
}

func run(t *testing.T, job wire.Job, stdin string) *record {
	t.Helper()
	var r record
	if err := native(t.Context(), job, strings.NewReader(stdin), &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

func TestNativeCodesAndStreams(t *testing.T) {
	job := sh(t, "echo out; echo err >&2; exit 3", "kill -9 $$", "cat", "pwd; echo $0")
	job.Commands = append(job.Commands, wire.Command{Args: []string{"no-such-command"}, Dir: "/"})
	r := run(t, job, "typed\n")
	if got := r.codes; len(got) != 5 || got[0] != 3 || got[1] != 137 || got[2] != 0 || got[3] != 0 || got[4] != 127 {
		t.Errorf("codes %v, want 3 137 0 0 127", got)
	}
	if want := "out\ntyped\n" + job.Commands[3].Dir + "\nsh\n"; r.stdout != want {
		t.Errorf("stdout %q, want %q", r.stdout, want)
	}
	if !strings.HasPrefix(r.stderr, "err\n") || !strings.Contains(r.stderr, "start no-such-command") {
		t.Errorf("stderr %q", r.stderr)
	}
}

func TestNativeLosesNoOutput(t *testing.T) {
	r := run(t, sh(t, "seq 1 100000"), "")
	if n := strings.Count(r.stdout, "\n"); n != 100000 || !strings.HasSuffix(r.stdout, "\n100000\n") {
		t.Errorf("%d lines of 100000", n)
	}
}

func TestNativeEndsWhatIsLeft(t *testing.T) {
	r := run(t, sh(t, "sleep 1000 >/dev/null 2>&1 &", "cat /proc/[0-9]*/comm"), "")
	if strings.Contains(r.stdout, "sleep") {
		t.Errorf("still running: %q", r.stdout)
	}
}

// The substitution ends when the orphan has closed its output; from then on it is a zombie until process 1 buries it.
func TestNativeBuriesOrphans(t *testing.T) {
	r := run(t, sh(t, `p=$(sh -c 'true & echo $!'); for i in $(seq 1000); do test -d /proc/$p || exit 0; done; exit 1`), "")
	if r.codes[0] != 0 {
		t.Error("the orphan is still a zombie")
	}
}

func TestNativeTopology(t *testing.T) {
	job := sh(t, "ip netns exec client busybox ping -c 1 -W 5 192.0.2.100",
		"ip netns exec rs2 busybox ping -c 1 -W 5 198.51.100.11",
		"ip netns exec rs1 sysctl -n net.ipv4.conf.all.arp_ignore",
		"for n in $(ip netns list | cut -d' ' -f1); do ip -n $n -o link show up dev lo | wc -l; done")
	if _, err := exec.LookPath("busybox"); err != nil {
		t.Skip("needs busybox")
	}
	plan, err := topology.Parse("cluster", "segment front\nsegment back\n"+
		"node client front=192.0.2.50/24 route=192.0.2.100/32@192.0.2.21\n"+
		"node rs1 front=192.0.2.21/24 lo=192.0.2.100/32 sysctl net.ipv4.conf.all.arp_ignore=1\n"+
		"node lb1 front=192.0.2.11/24 back=198.51.100.11/24\nnode rs2 back=198.51.100.22/24\n")
	if err != nil {
		t.Fatal(err)
	}
	job.Topology = plan.Plan()
	r := run(t, job, "")
	for i, code := range r.codes {
		if code != 0 {
			t.Errorf("command %d ended with %d", i, code)
		}
	}
	if !strings.HasSuffix(r.stdout, "\n1\n1\n1\n1\n1\n1\n1\n") {
		t.Errorf("arp_ignore and the lo of six namespaces are not all 1: %q, %q", r.stdout, r.stderr)
	}
	if _, err := os.Stat("/run/netns/client"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a namespace of the topology is left on the host: %v", err)
	}
}

func TestNativeReportsBrokenTopology(t *testing.T) {
	job := sh(t, "true")
	job.Topology = []topology.Batch{{IP: []string{"link set nosuch up"}}}
	err := native(t.Context(), job, nil, &record{})
	if err == nil || !strings.Contains(err.Error(), "link set nosuch up") || !strings.Contains(err.Error(), "Cannot find device") {
		t.Errorf("error %v", err)
	}
}

func TestNativeEndsWithItsContext(t *testing.T) {
	job := sh(t, "echo started; sleep 1000")
	ctx, cancel := context.WithCancel(t.Context())
	if err := native(ctx, job, nil, &record{first: cancel}); !errors.Is(err, errGone) {
		t.Errorf("error %v, want %v", err, errGone)
	}
}
