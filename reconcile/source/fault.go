package source

import (
	"errors"
	"fmt"
	"strings"
)

// The kinds of failure, for errors.Is. Every error of a Mirror is of one kind, or is the caller's own cancellation.
var (
	ErrUnreachable = errors.New("git server cannot be reached")
	ErrTimeout     = errors.New("no answer in time")
	ErrTLS         = errors.New("server certificate refused")
	ErrHostKey     = errors.New("ssh host key refused")
	ErrAuth        = errors.New("not authorised")
	ErrNotFound    = errors.New("repository not found")
	ErrEmpty       = errors.New("repository is empty")
	ErrNoRef       = errors.New("no such branch or tag")
	ErrNoCommit    = errors.New("no such commit")
	ErrProtocol    = errors.New("unexpected answer of the git server")
	ErrTooLarge    = errors.New("over the limit")
	ErrDisk        = errors.New("mirror cannot be written")
	ErrDamaged     = errors.New("mirror is damaged")
	ErrBusy        = errors.New("mirror is in use")
	ErrShallow     = errors.New("history is not here yet")
	ErrAmbiguous   = errors.New("short id is ambiguous")
	ErrNoPath      = errors.New("no such folder in the commit")
	ErrNoHCL       = errors.New("folder holds no HCL file")
	ErrBadFile     = errors.New("file cannot be read from a commit")
	ErrMalformed   = errors.New("object is malformed")
)

// Error says which call failed, of what kind that is, why, and what to do. It never holds a secret.
type Error struct {
	Call   string // the call that failed, e.g. "list refs of https://git.example/fleet.git"
	Kind   error  // one of the Err values
	Cause  error  // may be nil
	Remedy string // what to do; may be ""
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Call)
	// go-git's own errors say the same as some kinds.
	if e.Cause == nil || !strings.HasPrefix(e.Cause.Error(), e.Kind.Error()) {
		fmt.Fprintf(&b, ": %v", e.Kind)
	}
	if e.Cause != nil {
		fmt.Fprintf(&b, ": %v", e.Cause)
	}
	if e.Remedy != "" {
		fmt.Fprintf(&b, "; %s", e.Remedy)
	}
	return b.String()
}

// Unwrap gives kind and cause to errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// masked prints an error without a secret and in one short line: a server may echo the token, or answer with a page of HTML.
type masked struct {
	err    error
	secret string
}

func (m masked) Unwrap() error { return m.err }

func (m masked) Error() string {
	const longest = 300
	text := m.err.Error()
	if m.secret != "" {
		text = strings.ReplaceAll(text, m.secret, "***")
	}
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, "\n", "; ")), " ")
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return strings.TrimRight(text, ": ")
}
