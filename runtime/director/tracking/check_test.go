package tracking

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

func TestScript(t *testing.T) {
	for _, c := range []struct {
		command []string
		want    string
	}{
		{[]string{"/bin/true"}, ""},
		{[]string{"/bin/sh", "-c", "test \"$1\" = 'a b'", "sh", "a b"}, ""},
		{[]string{"/bin/sh", "-c", "echo no route; exit 1"}, "exit status 1: no route"},
		{[]string{"/bin/sh", "-c", "sleep 600"}, "killed: not done within 300ms"},
		{[]string{"/nonexistent/program"}, "no such file or directory"},
	} {
		err := script(t.Context(), spec.Tracking{Command: strings.Join(c.command, "\x00"), Timeout: 300 * time.Millisecond})
		if got := text(err); c.want == "" && err != nil || !strings.Contains(got, c.want) {
			t.Errorf("%q: %q, want %q", c.command, got, c.want)
		}
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "drain")
	for _, c := range []struct{ content, want string }{
		{"0\n", ""}, {"", ""}, {"\n", ""}, {"1", "the number is 1"}, {"-254\n", "the number is -254"}, {"yes", `"yes" is no number`},
		{strings.Repeat("0", 99), ""}, {"0 0", "is no number"},
	} {
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := text(file(path)); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%q: %q, want %q", c.content, got, c.want)
		}
	}
	if err := file(filepath.Join(dir, "missing")); err != nil {
		t.Errorf("a missing file is bad: %v", err)
	}
	if err := file(dir); err == nil {
		t.Error("a folder is good")
	}
	fifo := filepath.Join(dir, "fifo")
	if err := exec.Command("mkfifo", fifo).Run(); err != nil {
		t.Fatal(err)
	}
	if err := file(fifo); err == nil {
		t.Error("a fifo is good")
	}
}

func TestProcesses(t *testing.T) {
	dir := t.TempDir()
	for pid, stat := range map[string]string{
		"1": "1 (systemd) S 0", "20": "20 (a (b) c) R 1", "30": "30 (dead) Z 1", "40": "40 (a-very-long-nam) S 1", "50": "",
	} {
		if err := os.MkdirAll(filepath.Join(dir, pid), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, pid, "stat"), []byte(stat), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := &processes{proc: dir}
	for name, runs := range map[string]bool{"systemd": true, "a (b) c": true, "dead": false, "a-very-long-name-indeed": true, "nginx": false} {
		if err := p.check(name, now); (err == nil) != runs {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "1")); err != nil {
		t.Fatal(err)
	}
	if err := p.check("systemd", now.Add(fresh-1)); err != nil {
		t.Errorf("one look does not serve all: %v", err)
	}
	if err := p.check("systemd", now.Add(fresh)); err == nil {
		t.Error("a process that ended runs")
	}
	if err := (&processes{proc: filepath.Join(dir, "none")}).check("systemd", now); err == nil {
		t.Error("without /proc all is good")
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
