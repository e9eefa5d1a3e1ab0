package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lbsync/lbsync/runtime/engine/line"
)

const units = "../../docs/systemd/"

// unit is a file of systemd.unit(5) as "Name" → values.
func unit(t *testing.T, name string) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(units + name)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			out[key] = append(out[key], strings.Fields(value)...)
		}
	}
	return out
}

func TestUnits(t *testing.T) {
	engine, agent := unit(t, "lbsync-engine.service"), unit(t, "lbsync-agent.service")
	for _, c := range []struct {
		unit map[string][]string
		key  string
		want string
		why  string
	}{
		{agent, "After", "lbsync-engine.service", "the agent would find no engine"},
		{agent, "Wants", "lbsync-engine.service", "nobody would start the engine"},
		{engine, "Before", "lbsync-agent.service", "the agent would find no engine"},
		{agent, "RuntimeDirectoryPreserve", "yes", "a stop of the agent would remove the engine's socket and state"},
		{engine, "RuntimeDirectoryPreserve", "yes", "a restart would forget the roles"},
		{engine, "RuntimeDirectory", filepath.Base(filepath.Dir(line.DefaultPath)), "its socket has no folder"},
		{agent, "RuntimeDirectory", filepath.Base(filepath.Dir(defaultSocket)), "its socket has no folder"},
		{engine, "Type", "notify", "the agent would be started before the socket is there"},
		{engine, "Restart", "always", "a crash would be for ever"},
		{engine, "RestartSec", "100ms", "a crash would be a failover"},
		{engine, "ExecReload", "-HUP", "an upgrade would be a failover"},
		{engine, "CapabilityBoundingSet", "CAP_NET_ADMIN", "addresses"},
		{engine, "CapabilityBoundingSet", "CAP_NET_RAW", "advertisements"},
		{engine, "CapabilityBoundingSet", "CAP_SYS_NICE", "real time"},
		{agent, "CapabilityBoundingSet", "CAP_NET_RAW", "health checks by ping"},
	} {
		if !slices.Contains(c.unit[c.key], c.want) {
			t.Errorf("%s=%s lacks %s: %s", c.key, c.unit[c.key], c.want, c.why)
		}
	}
	for _, key := range []string{"RestrictRealtime", "ProtectKernelTunables"} {
		if _, set := engine[key]; set {
			t.Errorf("%s takes from the engine what it needs", key)
		}
	}
}

// What a unit starts is a command that there is.
func TestUnitsStartWhatThereIs(t *testing.T) {
	for _, name := range []string{"lbsync-engine.service", "lbsync-agent.service"} {
		start := unit(t, name)["ExecStart"]
		if len(start) < 2 || start[0] != "/usr/local/bin/lbsync" {
			t.Fatalf("%s starts %q", name, start)
		}
		root := newApp(strings.NewReader(""), io.Discard, io.Discard).root()
		cmd, rest, err := root.Find(start[1:])
		if err != nil || cmd == root {
			t.Errorf("%s starts %q: %v", name, start, err)
			continue
		}
		if err := cmd.ParseFlags(rest); err != nil {
			t.Errorf("%s starts %q: %v", name, start, err)
		}
	}
}

// make install puts every unit where systemd finds it; the program is built by make build, which this leaves out.
func TestInstall(t *testing.T) {
	dest := t.TempDir()
	bin := filepath.Join(dest, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "lbsync"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("make", "-C", "../..", "install", "-o", "build", "BIN="+bin, "DESTDIR="+dest)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	modes := map[string]os.FileMode{"/usr/local/bin/lbsync": 0o755}
	files, err := filepath.Glob(units + "*.service")
	if err != nil || len(files) != 2 {
		t.Fatalf("units %q, %v", files, err)
	}
	for _, f := range files {
		modes["/etc/systemd/system/"+filepath.Base(f)] = 0o644
	}
	for path, mode := range modes {
		if info, err := os.Stat(dest + path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
}
