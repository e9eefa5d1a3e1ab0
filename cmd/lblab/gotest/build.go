// Package gotest builds test binaries, and reads and counts what they say.
package gotest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Package is a Go package with its test binary.
type Package struct {
	Path   string // import path
	Dir    string // where its tests run
	Binary string // empty when the package has no test files, or does not compile
	Broken bool   // it does not compile
}

// Build builds the test binaries of the packages that patterns name, into dir. flags are for go test, e.g. -race; what the
// compiler says goes to complaints; a package that does not compile is no error, the others have their tests still.
func Build(ctx context.Context, dir string, patterns, flags []string, complaints io.Writer) ([]Package, error) {
	packages, err := list(ctx, patterns, complaints)
	if err != nil {
		return nil, err
	}
	for i := range packages {
		binary := filepath.Join(dir, strconv.Itoa(i)+".test")
		args := append([]string{"test", "-c", "-o", binary}, flags...)
		cmd := exec.CommandContext(ctx, "go", append(args, packages[i].Path)...)
		cmd.Stderr = complaints
		if err := cmd.Run(); err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			packages[i].Broken = true
			continue
		}
		if _, err := os.Stat(binary); err == nil {
			packages[i].Binary = binary
		}
	}
	return packages, nil
}

func list(ctx context.Context, patterns []string, complaints io.Writer) ([]Package, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-f", "{{.ImportPath}}\t{{.Dir}}"}, patterns...)...)
	cmd.Stdout, cmd.Stderr = &out, complaints
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("list the packages %s: %w", strings.Join(patterns, " "), err)
	}
	var packages []Package
	for line := range strings.Lines(out.String()) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), "\t")
		packages = append(packages, Package{Path: path, Dir: dir})
	}
	return packages, nil
}
