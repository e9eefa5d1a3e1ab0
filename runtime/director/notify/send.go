package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lbsync/lbsync/runtime/program"
	"github.com/lbsync/lbsync/spec"
)

// send tells one message, within the block's timeout.
func send(ctx context.Context, m message, to spec.Notify) error {
	ctx, cancel := context.WithTimeoutCause(ctx, to.Timeout, fmt.Errorf("not done within %v", to.Timeout))
	defer cancel()
	switch to.Kind {
	case "exec":
		return run(ctx, m, to)
	case "webhook":
		return post(ctx, m, to.Target)
	case "fifo":
		return write(ctx, m, to.Target)
	}
	return fmt.Errorf(`notify %q is not in this version: use notify "exec" with a program that does it`, to.Kind)
}

func run(ctx context.Context, m message, to spec.Notify) error {
	if !filepath.IsAbs(to.Target) {
		return fmt.Errorf("program %q: write its path from / on", to.Target)
	}
	argv := append([]string{to.Target}, to.Args...)
	return program.Run(ctx, append(argv, m.args()...), m.env())
}

// client does not follow redirects, which would turn the POST into a GET, and keeps no connection for a message that comes once a year.
var client = &http.Client{
	Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func post(ctx context.Context, m message, target string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(m.json()))
	if err != nil {
		return plain(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "lbsync")
	resp, err := client.Do(req)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return plain(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	return nil
}

// plain leaves the URL out of an error: it may hold a token, and goes into the journal.
func plain(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// knock is how often a fifo that nobody reads is tried again.
const knock = 100 * time.Millisecond

// write waits for a reader: a fifo that is opened without waiting is refused while there is none, and one that is opened with waiting
// cannot be given up.
func write(ctx context.Context, m message, path string) error {
	tick := time.NewTicker(knock)
	defer tick.Stop()
	for {
		f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			return errors.Join(deliver(ctx, m, f), f.Close())
		}
		if !errors.Is(err, syscall.ENXIO) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("nobody reads the fifo: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

func deliver(ctx context.Context, m message, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Mode().Type() != os.ModeNamedPipe {
		return fmt.Errorf("%s is no fifo: make it with mkfifo", f.Name())
	}
	if end, ok := ctx.Deadline(); ok {
		if err := f.SetWriteDeadline(end); err != nil {
			return err
		}
	}
	if _, err = f.Write(m.line()); errors.Is(err, os.ErrDeadlineExceeded) {
		<-ctx.Done() // at the same time
		return fmt.Errorf("the fifo is full: %w", context.Cause(ctx))
	}
	return err
}

// target names a block's target for the journal, without what a URL may hold that is not for everyone.
func target(n spec.Notify) string {
	name := n.Target
	if n.Kind == "webhook" {
		u, err := url.Parse(name)
		if err != nil {
			return n.Kind
		}
		name = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	}
	return n.Kind + " " + name
}
