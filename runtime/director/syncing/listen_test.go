package syncing_test

import (
	"errors"
	"net/netip"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lbsync/lbsync/runtime/connsync"
	"github.com/lbsync/lbsync/runtime/director/syncing"
	"github.com/lbsync/lbsync/spec"
)

// socket is one that a test speaks into.
type socket struct {
	heard    chan spec.SyncSpeaker
	closed   chan struct{}
	close    sync.Once
	mu       sync.Mutex
	detached bool
}

func newSocket() *socket {
	return &socket{heard: make(chan spec.SyncSpeaker), closed: make(chan struct{})}
}

func (s *socket) Receive(wait time.Duration) (connsync.Header, netip.Addr, error) {
	select {
	case who := <-s.heard:
		return connsync.Header{Version: 1, SyncID: who.SyncID}, who.Addr, nil
	case <-time.After(wait):
		return connsync.Header{}, netip.Addr{}, os.ErrDeadlineExceeded
	case <-s.closed:
		return connsync.Header{}, netip.Addr{}, os.ErrClosed
	}
}

func (s *socket) Attached() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.detached
}

func (s *socket) detach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.detached = true
}

func (s *socket) Close() error {
	s.close.Do(func() { close(s.closed) })
	return nil
}

func (s *socket) says(addr string, syncid uint8) {
	s.heard <- spec.SyncSpeaker{Addr: netip.MustParseAddr(addr), SyncID: syncid}
	synctest.Wait()
}

// network hands out sockets, by interface.
type network struct {
	mu    sync.Mutex
	next  map[string]*socket
	tries int
}

func (n *network) open(d spec.Daemon) (syncing.Socket, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tries++
	if s := n.next[d.Interface]; s != nil {
		delete(n.next, d.Interface)
		return s, nil
	}
	return nil, errors.New("no such interface")
}

func (n *network) put(iface string) *socket {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := newSocket()
	n.next[iface] = s
	return s
}

func signalled(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{next: map[string]*socket{}}
		l := syncing.NewListener(n.open, time.Now)
		s := n.put("sync0")
		l.Watch(daemon, daemon)
		synctest.Wait()
		s.says("192.0.2.2", 11)
		first := time.Now()
		if !signalled(l.Changed()) {
			t.Error("a new speaker is not signalled")
		}
		time.Sleep(time.Second)
		s.says("192.0.2.2", 11)
		if signalled(l.Changed()) {
			t.Error("one who is known is signalled")
		}
		want := spec.SyncSpeaker{
			Addr: netip.MustParseAddr("192.0.2.2"), Interface: "sync0", Group: daemon.Group, Port: daemon.Port, SyncID: 11,
			First: first, Last: first.Add(time.Second), Count: 2,
		}
		if got := l.Speakers(); len(got) != 1 || got[0] != want {
			t.Errorf("%+v\nwant %+v", got, want)
		}
		s.says("192.0.2.2", 12) // the same host with another id is another speaker
		if got := l.Speakers(); len(got) != 2 || !signalled(l.Changed()) {
			t.Errorf("%+v", got)
		}
		time.Sleep(2*time.Minute - time.Second)
		s.says("192.0.2.2", 12)
		time.Sleep(2 * time.Second)
		if got := l.Speakers(); len(got) != 1 || got[0].SyncID != 12 {
			t.Errorf("after two minutes: %+v", got)
		}
		s.says("192.0.2.2", 11)
		if !signalled(l.Changed()) {
			t.Error("one who returns is not signalled")
		}
		l.Watch()
		synctest.Wait()
		if got := l.Speakers(); len(got) != 0 {
			t.Errorf("of a place that is left: %+v", got)
		}
		select {
		case <-s.closed:
		default:
			t.Error("the socket stays open")
		}
		_ = l.Close()
	})
}

// TestListenerRetries: the interface comes later, and goes and comes.
func TestListenerRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{next: map[string]*socket{}}
		l := syncing.NewListener(n.open, time.Now)
		l.Watch(daemon)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n.tries < 10 || n.tries > 14 {
			t.Errorf("%d tries in a minute", n.tries)
		}
		s := n.put("sync0")
		time.Sleep(10 * time.Second)
		s.says("192.0.2.2", 11)
		s.detach()
		again := n.put("sync0")
		time.Sleep(time.Minute)
		again.says("192.0.2.3", 11)
		if got := l.Speakers(); len(got) != 2 {
			t.Errorf("%+v", got)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		<-s.closed
		<-again.closed
	})
}

// TestListenerIsBounded: whoever was silent longest goes.
func TestListenerIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{next: map[string]*socket{}}
		l := syncing.NewListener(n.open, time.Now)
		defer func() { _ = l.Close() }()
		s := n.put("sync0")
		l.Watch(daemon)
		for i := range 200 {
			s.says("192.0.2.2", uint8(i))
			s.says("192.0.2.9", 1)
			time.Sleep(time.Millisecond)
		}
		got := l.Speakers()
		var talker bool
		for _, w := range got {
			talker = talker || w.Addr.String() == "192.0.2.9" && w.Count == 200
			if w.Addr.String() == "192.0.2.2" && w.SyncID < 200-63 {
				t.Errorf("%d is kept", w.SyncID)
			}
		}
		if len(got) != 64 || !talker {
			t.Errorf("%d speakers, the one who always speaks among them: %v", len(got), talker)
		}
	})
}
