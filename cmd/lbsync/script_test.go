package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/runtime/director"
	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// kernelFile names the file in which the kernel of a scripted lbsync lives; empty, there is no IPVS, "denied", it may not be read, and
// "real", it is the machine's.
const kernelFile = "LBSYNC_TEST_KERNEL"

// The test binary is lbsync itself for the scripts, with a kernel in a file in place of the machine's, and a real server.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"answer": serveReal, "lbsync": func() {
		a := newApp(os.Stdin, os.Stdout, os.Stderr)
		if os.Getenv(kernelFile) == "real" {
			os.Exit(a.run(os.Args[1:]))
		}
		a.conns = false
		a.kernel = func(kernel.Options) (director.Kernel, error) {
			switch os.Getenv(kernelFile) {
			case "":
				return nil, kernel.ErrNoIPVS
			case "denied":
				return nil, kernel.ErrPrivilege
			}
			return fileKernel{os.Getenv(kernelFile)}, nil
		}
		os.Exit(a.run(os.Args[1:]))
	}})
}

func TestScripts(t *testing.T) { runScripts(t, "testdata", nil) }

// runScripts runs those of a folder.
func runScripts(t *testing.T, dir string, more func(*testscript.Env)) {
	readme, err := filepath.Abs("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("SOCK", env.WorkDir+"/agent.sock")
			env.Setenv(kernelFile, env.WorkDir+"/kernel.json")
			env.Setenv("README", readme)
			env.Setenv("EXAMPLES", filepath.Join(filepath.Dir(readme), "examples"))
			env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			for _, who := range []string{"AUTHOR", "COMMITTER"} {
				env.Setenv("GIT_"+who+"_NAME", "Ann")
				env.Setenv("GIT_"+who+"_EMAIL", "ann@example.org")
			}
			hasEngine(env)
			env.Values[realsKey{}] = reals{}
			if err := hasPort(env); err != nil {
				return err
			}
			if err := hasEndpoints(env); err != nil {
				return err
			}
			if more != nil {
				more(env)
			}
			return listenAsSystemd(env)
		},
		Condition: func(name string) (bool, error) {
			if name != "root" {
				return false, fmt.Errorf("condition %q is not known", name)
			}
			return os.Geteuid() == 0, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "expand": expand, "commit": commitAll, "wait-status": waitStatus, "wait-gone": waitGone, "refresh": refresh, "terminate": terminate, "notified": notified,
			"kernel": kernelCommand, "scrape": scrape, "engine": engineCommand, "wait-file": waitFile, "namespaces": namespaces, "json": jsonShape,
			"wait-listen": waitListen, "new-key": newKey, "real": realCommand,
		},
	})
}

// code runs a command and wants an exit code: `code 2 lbsync diff`.
func code(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// expand replaces $NAME in files by the script's variables.
func expand(ts *testscript.TestScript, _ bool, files []string) {
	for _, f := range files {
		ts.Check(os.WriteFile(ts.MkAbs(f), []byte(os.Expand(ts.ReadFile(f), ts.Getenv)), 0o644))
	}
}

// commitAll commits everything in a repository, which it makes first if need be: `commit DIR SUBJECT`. A third word gets the id.
func commitAll(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	if _, err := os.Stat(dir + "/.git"); err != nil {
		ts.Check(ts.Exec("git", "init", "-q", "-b", "main", dir))
	}
	ts.Check(ts.Exec("git", "-C", dir, "add", "-A"))
	ts.Check(ts.Exec("git", "-C", dir, "commit", "-q", "-m", args[1]))
	if len(args) > 2 {
		ts.Check(ts.Exec("git", "-C", dir, "rev-parse", "--short=7", "HEAD"))
		ts.Setenv(args[2], strings.TrimSpace(ts.ReadFile("stdout")))
	}
}

// patience is how long a script waits for a condition before it fails. It is no part of what is tested.
const patience = time.Minute

// waitStatus waits until a field of the agent's status has a value, "null" for none: `wait-status applied.commit.subject First`; or,
// negated, until it has another one.
func waitStatus(ts *testscript.TestScript, neg bool, args []string) {
	last := "no answer"
	until(ts, func(ctx context.Context) bool {
		s, err := ask(ctx, ts.Getenv("SOCK"))
		if err != nil {
			last = err.Error()
			return false
		}
		b, err := json.Marshal(s)
		ts.Check(err)
		last = string(b)
		return (jsonField(b, args[0]) == args[1]) != neg
	}, func() string { return fmt.Sprintf("wait for %s %q: %s", args[0], args[1], last) })
}

// waitFile waits until a file has a text: `wait-file told MASTER`.
func waitFile(ts *testscript.TestScript, _ bool, args []string) {
	last := "no file"
	until(ts, func(context.Context) bool {
		b, err := os.ReadFile(ts.MkAbs(args[0]))
		if err != nil {
			return false
		}
		last = string(b)
		return strings.Contains(last, args[1])
	}, func() string { return fmt.Sprintf("wait for %q in %s: %s", args[1], args[0], last) })
}

// waitGone waits until no agent answers.
func waitGone(ts *testscript.TestScript, _ bool, _ []string) {
	until(ts, func(ctx context.Context) bool {
		_, err := ask(ctx, ts.Getenv("SOCK"))
		return errors.Is(err, api.ErrUnreachable)
	}, func() string { return "the agent still answers" })
}

func until(ts *testscript.TestScript, ok func(context.Context) bool, why func() string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok(ctx) {
		select {
		case <-ctx.Done():
			ts.Fatalf("%s", why())
		case <-tick.C:
		}
	}
}

func ask(ctx context.Context, socket string) (spec.Status, error) {
	c, err := api.Dial(socket)
	if err != nil {
		return spec.Status{}, err
	}
	defer c.Close()
	return c.Status(ctx)
}

// terminate ends the agent as its supervisor does. Its lock names its process.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile("state/lock")))
	ts.Check(err)
	ts.Check(syscall.Kill(pid, syscall.SIGTERM))
}

// refresh has the agent ask its repository now.
func refresh(ts *testscript.TestScript, neg bool, _ []string) {
	c, err := api.Dial(ts.Getenv("SOCK"))
	ts.Check(err)
	defer c.Close()
	if _, err := c.Do(context.Background(), spec.Command{Verb: spec.Refresh}); (err != nil) != neg {
		ts.Fatalf("refresh: %v", err)
	}
}

// jsonShape wants fields of a document on stdout: `json version 1 directors.0.director lb1`.
func jsonShape(ts *testscript.TestScript, _ bool, args []string) {
	doc := []byte(ts.ReadFile("stdout"))
	for i := 0; i+1 < len(args); i += 2 {
		if got := jsonField(doc, args[i]); got != args[i+1] {
			ts.Fatalf("%s is %q, want %q, in %s", args[i], got, args[i+1], doc)
		}
	}
}

// jsonField is a value of a JSON document by its path, "null" for none.
func jsonField(doc []byte, path string) string {
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		return err.Error()
	}
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			n, err := strconv.Atoi(name)
			if err != nil || n >= len(in) {
				return "null"
			}
			v = in[n]
		default:
			return "null"
		}
	}
	if v == nil {
		return "null"
	}
	return fmt.Sprint(v)
}
