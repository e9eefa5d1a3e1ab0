package health

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// A script that hangs is a failure that counts, whatever it started keeps its output open beyond the timeout.
func TestHangingScript(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pid")
	for name, script := range map[string]string{
		"a group of its own":   "timeout 30 sleep 20; exit 1",
		"a session of its own": "setsid -w sleep 20; exit 1",
		"out of reach":         "(setsid sh -c 'echo $$ >> " + pids + "; exec sleep 20' &); sleep 20",
	} {
		t.Run(name, func(t *testing.T) {
			r := startRunner(t, Config{})
			c := quick("exec", &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}, url.Values{"command": {"/bin/sh", "-c", script}}.Encode())
			c.Interval, c.Timeout = time.Second, 500*time.Millisecond
			r.Set([]spec.Check{c}, map[spec.Check]spec.CheckState{c: spec.CheckUp})
			if s := until(t, r, c, "is down", isDown); s.Why != "run /bin/sh: timeout after 500ms" {
				t.Error(s.Why)
			}
		})
	}
	left, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.Fields(string(left)) {
		if pid, err := strconv.Atoi(word); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
