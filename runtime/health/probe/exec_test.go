package probe

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

func TestExec(t *testing.T) {
	kept(t)
	script := filepath.Join(t.TempDir(), "check")
	if err := os.WriteFile(script, []byte("#!/nonexistent/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	const sh = "/bin/sh"
	for name, c := range map[string]struct {
		command      []string
		timeout      time.Duration
		verdict, why string
	}{
		"good":           {[]string{"/bin/true"}, never, up, ""},
		"environment":    {[]string{sh, "-c", `test "$LBSYNC_ADDRESS $LBSYNC_PORT $HOME" = "192.0.2.21 8080 "`}, never, up, ""},
		"arguments":      {[]string{sh, "-c", `test "$1" = "a b" && test $# = 1`, "sh", "a b"}, never, up, ""},
		"bad":            {[]string{sh, "-c", "echo queue is stuck; exit 1"}, never, down, `/bin/sh: exit status 1: queue is stuck`},
		"no weight":      {[]string{sh, "-c", "exit 7"}, never, down, `/bin/sh: exit status 7`},
		"signal":         {[]string{sh, "-c", "kill -SEGV $$"}, never, down, `/bin/sh: signal: segmentation fault.*`},
		"hangs":          {[]string{sh, "-c", "sleep 600 & wait"}, soon, down, `run /bin/sh: timeout after 200ms`},
		"last words":     {[]string{sh, "-c", "echo waiting for; echo db lock >&2; exec sleep 600"}, slowly, down, `run /bin/sh: timeout after 2s: waiting for db lock`},
		"missing":        {[]string{"/nonexistent/check"}, never, aside, `run /nonexistent/check: no such file or directory`},
		"not executable": {[]string{"/etc/passwd"}, never, aside, `run /etc/passwd: permission denied`},
		"no interpreter": {[]string{script}, never, aside, `run .*/check: no such file or directory`},
	} {
		t.Run(name, func(t *testing.T) {
			words := []string{}
			for _, w := range c.command {
				words = append(words, "command", w)
			}
			expect(t, try(t, spec.Check{Kind: "exec", Addr: netip.MustParseAddrPort("192.0.2.21:8080"), Timeout: c.timeout, Settings: settings(words...)}), c.verdict, c.why)
		})
	}
}

// Exit codes from 2 on carry a weight where that is asked for.
func TestWeightFromExit(t *testing.T) {
	for code, want := range map[string]Result{
		"0":   {OK: true, Weight: -1},
		"1":   {Why: "/bin/sh: exit status 1", Weight: -1},
		"2":   {OK: true, Weight: 0},
		"102": {OK: true, Weight: 100},
		"255": {OK: true, Weight: 253},
	} {
		c := spec.Check{Kind: "exec", Settings: settings("command", "/bin/sh", "command", "-c", "command", "exit "+code, "weight_from_exit", "true")}
		if r := try(t, c); r != want {
			t.Errorf("exit code %s: %+v, want %+v", code, r, want)
		}
	}
}

func TestFile(t *testing.T) {
	kept(t)
	dir := t.TempDir()
	for name, c := range map[string]struct {
		text         string // "-" is no file
		verdict, why string
	}{
		"empty":    {"", up, ""},
		"up":       {"up\n", up, ""},
		"weight":   {"100\n", up, ""},
		"down":     {"down for maintenance\n", down, `.*/down says down`},
		"zero":     {"\n 0\n", down, `.*/zero says 0`},
		"downtown": {"downtown\n", up, ""},
		"missing":  {"-", down, `.*/missing is missing`},
		"up/not":   {"-", down, `.*/up/not is missing`},
	} {
		path := filepath.Join(dir, name)
		if c.text != "-" {
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		expect(t, try(t, spec.Check{Kind: "file", Settings: settings("path", path)}), c.verdict, c.why)
	}
	expect(t, try(t, spec.Check{Kind: "file", Settings: settings("path", dir)}), aside, `read .*: not a regular file`)
	if err := os.Symlink("loop", filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	expect(t, try(t, spec.Check{Kind: "file", Settings: settings("path", filepath.Join(dir, "loop"))}), aside, `open .*/loop: too many levels of symbolic links`)
}
