package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/spec"
)

// director is the disk of one director: its agent's file and state, and a repository that nobody else writes.
type director struct {
	rules   Rules
	program string
	dir     string
}

// newDirector has an empty state folder and a repository of its own at version 0.
func newDirector(r Rules, program, fleet string) (director, error) {
	dir, err := os.MkdirTemp("", "director-")
	if err != nil {
		return director{}, fmt.Errorf("make a folder for a director: %w", err)
	}
	d := director{r, program, dir}
	if err := os.CopyFS(d.repository(), os.DirFS(filepath.Join(fleet, "repository.git"))); err != nil {
		return director{}, errors.Join(fmt.Errorf("copy the repository: %w", err), d.remove())
	}
	// The agent polls once a day, so that a new commit is only seen when it is asked to look.
	text := fmt.Sprintf("director  = \"lb1\"\nstate     = %q\nsocket    = %q\nlog_level = \"warn\"\n\nsource \"git\" {\n  url    = %q\n  branch = \"main\"\n  poll   = \"24h\"\n}\n",
		d.state(), d.socket(), d.repository())
	if err := os.WriteFile(d.config(), []byte(text), 0o644); err != nil {
		return director{}, errors.Join(fmt.Errorf("write agent.hcl: %w", err), d.remove())
	}
	return d, nil
}

func (d director) remove() error      { return os.RemoveAll(d.dir) }
func (d director) repository() string { return filepath.Join(d.dir, "repository.git") }
func (d director) state() string      { return filepath.Join(d.dir, "state") }
func (d director) socket() string     { return filepath.Join(d.dir, "agent.sock") }
func (d director) config() string     { return filepath.Join(d.dir, "agent.hcl") }

func (d director) start() (*process, error) {
	return startProcess(d.program, "agent", "--config", d.config(), "--socket", d.socket())
}

// merge moves branch main to a version, as a push does.
func (d director) merge(version int) error {
	id, err := d.commit(version)
	if err != nil {
		return err
	}
	main := filepath.Join(d.repository(), "refs", "heads", "main")
	if err := os.WriteFile(main+".lock", []byte(id+"\n"), 0o644); err != nil {
		return fmt.Errorf("move branch main: %w", err)
	}
	return os.Rename(main+".lock", main)
}

// commit is the id of a version: in the file of its branch, or among the packed ones.
func (d director) commit(version int) (string, error) {
	name := "refs/heads/" + branch(version)
	if b, err := os.ReadFile(filepath.Join(d.repository(), name)); err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	b, err := os.ReadFile(filepath.Join(d.repository(), "packed-refs"))
	if err != nil {
		return "", fmt.Errorf("find commit of %s: %w", name, err)
	}
	for line := range strings.Lines(string(b)) {
		if id, ref, _ := strings.Cut(strings.TrimSpace(line), " "); ref == name {
			return id, nil
		}
	}
	return "", fmt.Errorf("find commit of %s: it is not in packed-refs", name)
}

// askEvery is how often the agent is asked; nothing is timed by that.
const askEvery = 100 * time.Millisecond

// idle waits until the agent holds a version and says that it has nothing to do.
func (d director) idle(ctx context.Context, version int) error {
	want, err := d.commit(version)
	if err != nil {
		return err
	}
	var last spec.Status
	_, err = until(ctx, askEvery, func() (bool, error) {
		c, err := api.Dial(d.socket())
		if errors.Is(err, api.ErrUnreachable) { // not yet
			return false, nil
		}
		if err != nil {
			return false, err
		}
		defer c.Close()
		if last, err = c.Status(ctx); err != nil {
			return false, err
		}
		return last.Phase == spec.Idle && last.Applied != nil && last.Applied.Commit.ID == want, nil
	})
	if err != nil {
		return fmt.Errorf("wait until the agent is idle at %s, it is in phase %q: %w", branch(version), last.Phase, err)
	}
	return nil
}

// refresh has the agent look at the repository, and waits until it did what follows from that.
func (d director) refresh(ctx context.Context) error {
	c, err := api.Dial(d.socket())
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Do(ctx, spec.Command{Verb: spec.Refresh})
	return err
}

// applied is, by the journal, the time from a commit being fetched to the kernel having acknowledged its last step.
func (d director) applied(version int) (time.Duration, error) {
	id, err := d.commit(version)
	if err != nil {
		return 0, err
	}
	at := map[journal.Event]time.Time{}
	for r, err := range journal.Read(filepath.Join(d.state(), "journal"), journal.Filter{Commit: id}) {
		if err != nil {
			return 0, err
		}
		at[r.Event] = r.Time
	}
	if at[journal.Fetched].IsZero() || at[journal.Step].IsZero() || at[journal.Applied].IsZero() {
		return 0, fmt.Errorf("the journal does not say that %s was fetched and applied", branch(version))
	}
	return at[journal.Step].Sub(at[journal.Fetched]), nil
}
