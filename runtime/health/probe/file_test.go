package probe

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/patient"
)

// A file that hangs holds up no probe beyond its timeout, and one call to the kernel, however often it is probed. A pipe that nobody
// writes to stands for the network file system: open(2) does not come back.
func TestFileThatHangs(t *testing.T) {
	kept(t)
	path := filepath.Join(t.TempDir(), "web")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int32
	f := file{path, &patient.Call[string]{Do: func() (string, error) {
		calls.Add(1)
		b, err := os.ReadFile(path)
		return string(b), err
	}}}
	within := func(d time.Duration) Result {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		return f.probe(ctx)
	}
	first := within(soon)
	expect(t, first, aside, `read .*/web: hangs since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ; does a network file system not answer\?`)
	for range 3 {
		if again := within(time.Millisecond); again != first {
			t.Errorf("later %q, at first %q", again.Why, first.Why)
		}
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls hang, want 1", n)
	}

	// What it said in the end is old: the next probe reads anew.
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("down"); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for calls.Load() == 1 { // until it is back
		within(never)
		<-tick.C
	}
	expect(t, within(never), down, `.*/web is missing`)
	if err := os.WriteFile(path, []byte("up"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, within(never), up, "")
}
