package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/runtime/api"
)

// The exit codes. Scripts and CI of users depend on them: a code never changes its meaning.
const (
	exitOK          = 0
	exitError       = 1
	exitPending     = 2
	exitRefused     = 3
	exitDrift       = 4
	exitReverted    = 5
	exitUnreachable = 6
	exitHeld        = 7
	exitUsage       = 64 // EX_USAGE of sysexits.h
)

// exits is the table that --help shows.
var exits = []struct {
	code    int
	meaning string
}{
	{exitOK, "in sync, or done"},
	{exitError, "error"},
	{exitPending, "changes pending"},
	{exitRefused, "refused by policy"},
	{exitDrift, "drift only"},
	{exitReverted, "applied, then reverted"},
	{exitUnreachable, "director unreachable"},
	{exitHeld, "held: suspended, frozen, pinned, waiting for a peer"},
	{exitUsage, "usage"},
}

// exitHelp is the table of some codes, or of all.
func exitHelp(some ...int) string {
	var b strings.Builder
	b.WriteString("Exit codes:\n")
	for _, e := range exits {
		if len(some) > 0 && !slices.Contains(some, e.code) {
			continue
		}
		fmt.Fprintf(&b, "  %2d  %s\n", e.code, e.meaning)
	}
	return b.String()
}

// exit is how a command ends with a code of its own. Without a cause nothing is said: the result said it.
type exit struct {
	code   int
	cause  error
	remedy string // what to do, where the cause does not say it
}

func (e *exit) Error() string {
	if e.cause == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.cause.Error()
}

func (e *exit) Unwrap() error { return e.cause }

// done is nil for 0, and otherwise ends the command with the code and no message.
func done(code int) error {
	if code == exitOK {
		return nil
	}
	return &exit{code: code}
}

func usagef(format string, args ...any) error {
	return &exit{exitUsage, fmt.Errorf(format, args...), "See lbsync --help, and --help after any command."}
}

func codeOf(err error) int {
	switch e, ok := errors.AsType[*exit](err); {
	case err == nil:
		return exitOK
	case ok:
		return e.code
	case errors.Is(err, api.ErrUnreachable):
		return exitUnreachable
	}
	return exitError
}
