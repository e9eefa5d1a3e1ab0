package main

import (
	"fmt"
	"os"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/gotest"
	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// results is the sink of test binaries: command i is the binary of package i.
type results struct {
	packages []gotest.Package
	verbose  bool
	tally    gotest.Tally
	stream   *gotest.Stream // of the package that runs; nil before its first word
}

// testable keeps the packages that have a binary, in the order of the commands to come, and reports the others.
func (r *results) testable(packages []gotest.Package) []gotest.Package {
	for _, p := range packages {
		switch {
		case p.Broken:
			fmt.Print(r.tally.Broken(p.Path))
		case p.Binary == "":
			fmt.Printf("?   \t%s\t[no test files]\n", p.Path)
		default:
			r.packages = append(r.packages, p)
		}
	}
	return r.packages
}

func (r *results) begin(index int) error {
	if r.stream != nil {
		return nil
	}
	var err error
	r.stream, err = r.tally.Begin(r.packages[index].Path, r.verbose, os.Stdout)
	return err
}

// Output takes both streams alike, as go test does.
func (r *results) Output(index int, _ wire.Kind, data []byte) error {
	if err := r.begin(index); err != nil {
		return err
	}
	_, err := r.stream.Write(data)
	return err
}

func (r *results) Exit(index, code int, elapsed time.Duration) error {
	if err := r.begin(index); err != nil {
		return err
	}
	last, err := r.stream.End(code, elapsed)
	r.stream = nil
	fmt.Print(last)
	return err
}

// cut ends the package that was running when the machine ended, so that its last words are shown.
func (r *results) cut() error {
	if r.stream == nil {
		return nil
	}
	return r.Exit(0, exitLab, 0)
}
