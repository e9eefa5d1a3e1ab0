package notify

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

var sample = message{
	Version: 1, Director: "lb1", Type: "instance", Name: "codis_6379", State: "master", From: spec.VRRPBackup, Priority: 100,
	Why: "master is down", Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Serial: 7, SyncGroup: "codis",
}

func told(t *testing.T, to spec.Notify, want string) {
	t.Helper()
	if to.Timeout == 0 {
		to.Timeout = time.Minute
	}
	got := ""
	if err := send(t.Context(), sample, to); err != nil {
		got = err.Error()
	}
	if (got == "") != (want == "") || !strings.Contains(got, want) {
		t.Errorf("%s: %q, want %q", target(to), got, want)
	}
}

func TestExec(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	script := `{ for a; do echo "$a"; done; env | grep ^LBSYNC_ | sort; } > ` + out
	told(t, spec.Notify{Kind: "exec", Target: "/bin/sh", Args: []string{"-c", script, "notify.sh", "own arg"}}, "")
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want := `own arg
INSTANCE
codis_6379
MASTER
100
LBSYNC_DIRECTOR=lb1
LBSYNC_FROM=backup
LBSYNC_NAME=codis_6379
LBSYNC_PRIORITY=100
LBSYNC_SERIAL=7
LBSYNC_STATE=master
LBSYNC_SYNC_GROUP=codis
LBSYNC_TIME=2026-01-02T03:04:05.000006Z
LBSYNC_TYPE=instance
LBSYNC_WHY=master is down
`
	if string(b) != want {
		t.Errorf("the program got\n%swant\n%s", b, want)
	}
	told(t, spec.Notify{Kind: "exec", Target: "/bin/sh", Args: []string{"-c", "echo no; exit 4"}}, "exit status 4: no")
	told(t, spec.Notify{Kind: "exec", Target: "/bin/sh", Args: []string{"-c", "sleep 600"}, Timeout: 100 * time.Millisecond}, "killed: not done within 100ms")
	told(t, spec.Notify{Kind: "exec", Target: "notify.sh"}, "write its path from / on")
	told(t, spec.Notify{Kind: "smtp", Target: "root@example.net"}, "not in this version")
}

func TestWebhook(t *testing.T) {
	var got message
	answer := http.StatusNoContent
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/slow":
			<-release
		case "/moved":
			http.Redirect(w, r, "/hook", http.StatusFound)
		default:
			if err := json.Unmarshal(b, &got); err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s %s: %v", r.Method, b, err)
			}
			w.WriteHeader(answer)
		}
	}))
	defer srv.Close()
	defer close(release)
	hook := spec.Notify{Kind: "webhook", Target: srv.URL + "/hook?token=secret"}
	told(t, hook, "")
	if got != sample {
		t.Errorf("it got %+v", got)
	}
	answer = http.StatusInternalServerError
	told(t, hook, "it answers 500")
	told(t, spec.Notify{Kind: "webhook", Target: srv.URL + "/moved"}, "it answers 302")
	told(t, spec.Notify{Kind: "webhook", Target: srv.URL + "/slow", Timeout: 50 * time.Millisecond}, "not done within 50ms")
	told(t, spec.Notify{Kind: "webhook", Target: "http://127.0.0.1:1/?token=secret"}, "connection refused")
	if name := target(spec.Notify{Kind: "webhook", Target: "https://user:pw@example.net/hook?token=secret"}); name != "webhook https://example.net/hook" {
		t.Errorf("the journal would have %s", name)
	}
	if err := send(t.Context(), sample, spec.Notify{Kind: "webhook", Target: "http://127.0.0.1:1/?token=secret", Timeout: time.Minute}); strings.Contains(err.Error(), "secret") {
		t.Errorf("the journal would have %v", err)
	}
}

func TestFifo(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "fifo")
	to := spec.Notify{Kind: "fifo", Target: path}
	told(t, to, "no such file")
	if err := exec.Command("mkfifo", path).Run(); err != nil {
		t.Fatal(err)
	}
	to.Timeout = 250 * time.Millisecond
	told(t, to, "nobody reads the fifo: not done within 250ms")

	got := make(chan string)
	go func() { // opens it when the message already waits
		b, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		got <- string(b)
	}()
	to.Timeout = time.Minute
	told(t, to, "")
	if line := <-got; line != "INSTANCE \"codis_6379\" MASTER 100\n" {
		t.Errorf("the reader got %q", line)
	}

	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	told(t, spec.Notify{Kind: "fifo", Target: file}, "is no fifo")
	if b, _ := os.ReadFile(file); len(b) > 0 {
		t.Errorf("a file in its place was written: %q", b)
	}
}

// A reader that sleeps lets the fifo fill up.
func TestFullFifo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := exec.Command("mkfifo", path).Run(); err != nil {
		t.Fatal(err)
	}
	sleeper, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sleeper.Close() }()
	if _, err := sleeper.Write(make([]byte, 64<<10)); err != nil {
		t.Fatal(err)
	}
	told(t, spec.Notify{Kind: "fifo", Target: path, Timeout: 50 * time.Millisecond}, "the fifo is full: not done within 50ms")
}

func TestEndOfTheAgentBreaksOff(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := send(ctx, sample, spec.Notify{Kind: "exec", Target: "/bin/sleep", Args: []string{"600"}, Timeout: time.Minute}); err == nil {
		t.Error("it goes on")
	}
}
