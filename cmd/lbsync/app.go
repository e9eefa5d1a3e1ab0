package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/runtime/director"
	"github.com/lbsync/lbsync/runtime/kernel"
)

// app is what every verb is given: its streams, its clock and the flags that all verbs share.
type app struct {
	in       io.Reader
	out, err io.Writer
	now      func() time.Time
	print    *view.Printer
	kernel   func(kernel.Options) (director.Kernel, error)
	conns    bool // the kernel is a real one, and so is its connection table

	output, color, socket, config string
	director, fleet, key          string // whom to ask from elsewhere; none: the local agent
}

func newApp(in io.Reader, out, err io.Writer) *app {
	return &app{in: in, out: out, err: err, now: time.Now, print: &view.Printer{Out: out, Err: err}, kernel: openKernel, conns: true}
}

func openKernel(o kernel.Options) (director.Kernel, error) {
	k, err := kernel.Open(o)
	if err != nil {
		return nil, err // a nil *kernel.Kernel must not become a Kernel that is not nil
	}
	return k, nil
}

// untilSignal ends when the process is told to end. It is for commands that have something to finish then: all others die of the
// signal, whatever they are doing.
func untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}

// run carries out one command line and returns the exit code.
func (a *app) run(args []string) int {
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(context.Background())
	if err == nil {
		return exitOK
	}
	pr := view.Problem{What: err.Error()}
	if e, ok := errors.AsType[*exit](err); ok {
		if e.cause == nil {
			return e.code
		}
		pr.Remedy = e.remedy
	}
	if a.print.Problem(pr) != nil {
		return exitError // stderr is gone: the code is all that can be said
	}
	return codeOf(err)
}

// prepare settles how to print, once the flags are known.
func (a *app) prepare(*cobra.Command, []string) error {
	switch a.output {
	case "text", "json":
		a.print.JSON = a.output == "json"
	default:
		return usagef("--output %q: write text or json", a.output)
	}
	switch a.color {
	case "auto":
		a.print.ColorOut, a.print.ColorErr = colorful(a.out), colorful(a.err)
	case "always":
		a.print.ColorOut, a.print.ColorErr = true, true
	case "never":
	default:
		return usagef("--color %q: write auto, always or never", a.color)
	}
	a.print.Width = width(a.err)
	return nil
}

// colorful says whether a stream shows colours: a terminal does, unless NO_COLOR is set (https://no-color.org) or it is dumb.
func colorful(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0 // no terminal
	}
	return columns
}
