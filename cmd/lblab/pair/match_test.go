package pair

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// speaker is Keepalived or Lbsync.
type speaker interface {
	Start(context.Context) error
	Stop() error
	Kill() (time.Time, error)
	Said() string
}

// patience is far beyond what any wait takes, also on a machine with all cores busy.
const patience = 60 * time.Second

// match is two nodes with a speaker each, watched.
type match struct {
	setup    Setup
	segment  *Segment
	wire     *Wire
	speakers []speaker
	killed   []bool // by place: what a killed one held is still on its interface
	judged   int    // frames before this one are not: there were two owners on purpose
	dir      string
}

// newMatch builds the segment; lbsync tells by place who runs the engine, the others run keepalived.
func newMatch(setup Setup, secrets map[string]string, lbsync ...bool) (m *match, err error) {
	m = &match{setup: setup}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	// Not t.TempDir: a Unix socket's path has at most 108 bytes.
	if m.dir, err = os.MkdirTemp(Memory, "pair-"); err != nil {
		return m, err
	}
	var names []string
	for place := range lbsync {
		names = append(names, string(rune('a'+place)))
	}
	if m.segment, err = NewSegment(1, names...); err != nil {
		return m, err
	}
	if m.wire, err = m.segment.Watch(0); err != nil {
		return m, err
	}
	for place, node := range m.segment.Nodes {
		s, err := newSpeaker(node, m.dir, lbsync[place], setup, place, secrets)
		if err != nil {
			return m, err
		}
		m.speakers, m.killed = append(m.speakers, s), append(m.killed, false)
	}
	return m, nil
}

func newSpeaker(node *Node, dir string, lbsync bool, setup Setup, place int, secrets map[string]string) (speaker, error) {
	if lbsync {
		program, err := lbsyncProgram()
		return node.NewLbsync(program, dir, setup.Part(place), secrets), err
	}
	return node.NewKeepalived(keepalivedProgram, dir, setup.Part(place), secrets)
}

func (m *match) close() error {
	var err error
	for _, s := range m.speakers {
		_, killed := s.Kill()
		err = errors.Join(err, killed)
	}
	if m.wire != nil {
		err = errors.Join(err, m.wire.Close())
	}
	if m.segment != nil {
		err = errors.Join(err, m.segment.Close())
	}
	return errors.Join(err, os.RemoveAll(m.dir))
}

// explain adds to an error what was on the wire and what the speakers said.
func (m *match) explain(err error) error {
	if err == nil {
		return nil
	}
	text := ""
	frames := m.wire.Frames()
	for _, f := range frames[max(0, len(frames)-40):] {
		text += fmt.Sprintf("%s %v\n", f.At.Format("05.000"), f)
	}
	for place, s := range m.speakers {
		said := s.Said()
		text += fmt.Sprintf("--- %c said:\n%s\n", 'a'+place, said[max(0, len(said)-3000):])
	}
	return fmt.Errorf("%w\n%s", err, text)
}

var keepalivedProgram = func() string {
	for _, p := range []string{"/usr/sbin/keepalived", "/sbin/keepalived"} {
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	return ""
}()

// lbsyncProgram builds the program once: the engine is tried as it ships, with its re-execution under SCHED_FIFO.
var lbsyncProgram = sync.OnceValues(func() (string, error) {
	out := filepath.Join(built, "lbsync")
	text, err := exec.Command("go", "build", "-o", out, "github.com/lbsync/lbsync/cmd/lbsync").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build lbsync: %w: %s", err, text)
	}
	return out, nil
})

// built is the folder of lbsyncProgram.
var built string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if built, err = os.MkdirTemp("", "pair-built-"); err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(built) }()
		return m.Run()
	}())
}
