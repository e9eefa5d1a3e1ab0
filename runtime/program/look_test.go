package program

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/lbsync/lbsync/runtime/patient"
)

// A program that hangs before it has begun, or its interpreter, is not started: the process would stand still with it.
func TestNotStartedWhereItHangs(t *testing.T) {
	dir := t.TempDir()
	script, away, back := filepath.Join(dir, "check"), filepath.Join(dir, "away"), make(chan struct{})
	defer close(back)
	lookAt(away).Do = func() (string, error) { <-back; return "", nil }
	for name, text := range map[string]string{script: "#! " + away + " -e\n", filepath.Join(dir, "outer"): "#!" + script + "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, program := range []string{away, script, filepath.Join(dir, "outer")} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := Run(ctx, []string{program}, nil)
		want := regexp.MustCompile("^" + away + ` hangs since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ; does a network file system not answer\?$`)
		if hung := (patient.Hangs{}); !errors.As(err, &hung) || !want.MatchString(err.Error()) {
			t.Errorf("%s: %v", program, err)
		}
	}
}

func TestInterpreterOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "check")
	for text, want := range map[string]string{
		"#!/bin/sh\nexit 0\n": "/bin/sh", "#! \t/bin/sh -e": "/bin/sh", "": "", "#!": "", "#!\n/bin/sh": "", "\x7fELF": "", "# !/bin/sh": "",
	} {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		if got, err := interpreterOf(path); got != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
}
