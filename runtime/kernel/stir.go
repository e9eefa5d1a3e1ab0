package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Stir tells of interfaces that appear, vanish, are renamed or are set up or down: what a sync daemon stands on. It puts an element into
// to, which is to have room for one, and waits for nobody to read it. It runs until ctx ends, and closes the watcher.
func (w *Watcher) Stir(ctx context.Context, to chan<- struct{}) error {
	// The runtime's own poller waits, and Close ends the wait; the file owns the descriptor from here on.
	file := os.NewFile(uintptr(w.FD()), "changes of interfaces")
	end := context.AfterFunc(ctx, func() { _ = file.Close() })
	defer func() {
		end()
		_ = file.Close()
	}()
	conn, err := file.SyscallConn()
	if err != nil {
		return fmt.Errorf("wait for changes of interfaces: %w", err)
	}
	s := stirring{known: map[int]Link{}, to: to}
	for {
		err := conn.Read(func(uintptr) bool { return s.drain(w) })
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("wait for changes of interfaces: %w", err)
		case s.err != nil:
			return s.err
		}
	}
}

// stirring tells what matters from what else is said of interfaces, such as counters and neighbours of a wireless one.
type stirring struct {
	known map[int]Link // by index, as last told
	to    chan<- struct{}
	err   error
}

// drain reads what is there, and says whether reading has to end for it.
func (s *stirring) drain(w *Watcher) bool {
	err := w.Drain(s.link, func(AddressEvent) {})
	if errors.Is(err, ErrOverrun) {
		clear(s.known)
		s.tell()
		return false
	}
	s.err = err
	return err != nil
}

func (s *stirring) link(e LinkEvent) {
	was, known := s.known[e.Index]
	switch {
	case e.Gone:
		delete(s.known, e.Index)
		s.tell()
	case !known || was.Name != e.Name || was.Up != e.Up:
		s.known[e.Index] = e.Link
		s.tell()
	}
}

func (s *stirring) tell() {
	select {
	case s.to <- struct{}{}:
	default: // it is told already
	}
}
