package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile/peer"
	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/identity"
)

// end is one director's side of the channel, with real TLS.
type end struct {
	name    string
	boot    string
	file    string
	channel *api.Channel
	peers   *peer.Exchange
	listen  string // address and port, kept over restarts
	stop    func()
}

func newEnd(t *testing.T, name, host string) *end {
	t.Helper()
	e := &end{name: name, file: filepath.Join(t.TempDir(), "key.pem"), listen: net.JoinHostPort(host, "0")}
	if _, err := identity.Create(e.file); err != nil {
		t.Fatal(err)
	}
	e.run(t, "first")
	t.Cleanup(func() { e.stop() })
	return e
}

// run starts it, again after stop.
func (e *end) run(t *testing.T, boot string) {
	t.Helper()
	keys, err := identity.Open(e.file)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", e.listen)
	if err != nil {
		t.Fatal(err)
	}
	e.boot, e.listen = boot, l.Addr().String()
	e.channel, e.peers = api.NewChannel(e.name, keys, nil), peer.New(e.name, keys.Dial)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- e.channel.Serve(ctx, l, &service{}) }()
	e.stop = func() {
		e.peers.Close()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s: Serve ends with %v", e.name, err)
		}
		e.stop = func() {}
	}
}

func (e *end) refused() []spec.PeerRefusal {
	rows, _ := e.channel.Refused()
	answers, _ := e.peers.Refused()
	return append(rows, answers...)
}

// says what a director of commit would.
func (e *end) tell(t *testing.T, commit string) {
	t.Helper()
	if _, err := e.channel.Tell(spec.PeerReport{Version: spec.DocumentVersion, Director: e.name, Boot: e.boot, Commit: commit}); err != nil {
		t.Fatal(err)
	}
}

// hold has an end trust what a fleet declares, as its agent would.
func (e *end) hold(fleet ...spec.Director) {
	e.channel.Trust(api.Trusted{Directors: fleet})
	e.peers.Watch(peersOf(fleet))
}

func declared(t *testing.T, e *end, nth int) spec.Director {
	t.Helper()
	keys, err := identity.Read(e.file)
	if err != nil {
		t.Fatal(err)
	}
	return spec.Director{Name: e.name, Endpoint: netip.MustParseAddrPort(e.listen), PublicKey: keys[nth].Public}
}

// hears waits until an end knows that another one holds a commit, now.
func (e *end) hears(t *testing.T, other, commit string) {
	t.Helper()
	e.fact(t, other, "to hold "+commit, func(f spec.PeerFact) bool { return f.Answers() && f.Report.Commit == commit })
}

func (e *end) fact(t *testing.T, other, what string, ok func(spec.PeerFact) bool) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		f := e.peers.Facts()[other]
		if ok(f) {
			return
		}
		select {
		case <-e.peers.Changed():
		case <-late.C:
			t.Fatalf("%s waits for %s %s: %+v; refused there %+v", e.name, other, what, f, e.refused())
		}
	}
}

func TestChannelBothWays(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			a, b := newEnd(t, "lb1", host), newEnd(t, "lb2", host)
			fleet := []spec.Director{declared(t, a, 0), declared(t, b, 0)}
			a.tell(t, "one")
			b.tell(t, "two")
			a.hold(fleet...)
			b.hold(fleet...)
			a.hears(t, "lb2", "two")
			b.hears(t, "lb1", "one")
			a.tell(t, "three")
			b.hears(t, "lb1", "three")

			// A restart is noticed, and the new run is heard.
			b.stop()
			a.fact(t, "lb2", "to be silent", func(f spec.PeerFact) bool { return !f.Silent.IsZero() })
			b.run(t, "second")
			b.tell(t, "four")
			b.hold(fleet...)
			a.hears(t, "lb2", "four")
			b.hears(t, "lb1", "three")
		})
	}
}

func TestChannelOfEight(t *testing.T) {
	var ends []*end
	var fleet []spec.Director
	for i := range 8 {
		e := newEnd(t, fmt.Sprintf("lb%d", i+1), "127.0.0.1")
		e.tell(t, "commit of "+e.name)
		ends, fleet = append(ends, e), append(fleet, declared(t, e, 0))
	}
	for _, e := range ends {
		e.hold(fleet...)
	}
	for _, e := range ends {
		for _, o := range ends {
			if o != e {
				e.hears(t, o.name, "commit of "+o.name)
			}
		}
		if r := e.refused(); len(r) > 0 {
			t.Logf("%s refused, while not all had begun to trust: %+v", e.name, r)
		}
	}
}

// A key is changed by a commit that one director has earlier than the other: each step leaves both in touch.
func TestChannelRotation(t *testing.T) {
	a, b := newEnd(t, "lb1", "127.0.0.1"), newEnd(t, "lb2", "127.0.0.1")
	before := []spec.Director{declared(t, a, 0), declared(t, b, 0)}
	heard := 0
	inTouch := func(step string) {
		t.Helper()
		heard++
		news := fmt.Sprintf("%d: %s", heard, step)
		a.tell(t, news)
		b.tell(t, news)
		a.hears(t, "lb2", news)
		b.hears(t, "lb1", news)
	}
	a.hold(before...)
	b.hold(before...)
	inTouch("before")

	other := filepath.Join(t.TempDir(), "new.pem")
	if _, err := identity.Create(other); err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(a.file)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(text []byte) {
		t.Helper()
		if err := os.WriteFile(a.file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	replace(append(append([]byte{}, old...), fresh...))
	after := []spec.Director{declared(t, a, 1), declared(t, b, 0)}

	a.hold(append(after, before...)...)
	inTouch("lb1 is applying, lb2 has not fetched")
	a.hold(after...)
	inTouch("lb1 is through, lb2 has not fetched")
	b.hold(append(after, before...)...)
	inTouch("lb2 is applying")
	b.hold(after...)
	inTouch("both are through")
	replace(fresh)
	a.stop()
	a.run(t, "without the old key")
	a.hold(after...)
	inTouch("the old key is deleted")

	// lb2 gets a commit first which lb1, that holds both keys, has not.
	replace(append(append([]byte{}, fresh...), old...))
	a.stop()
	a.run(t, "with both again")
	a.hold(after...)
	b.hold(before...)
	inTouch("lb2 is ahead")
}

// A director that the fleet drops is let in no more, and its name stands in the table.
func TestChannelRemovedDirector(t *testing.T) {
	a, b := newEnd(t, "lb1", "127.0.0.1"), newEnd(t, "lb2", "127.0.0.1")
	fleet := []spec.Director{declared(t, a, 0), declared(t, b, 0)}
	a.tell(t, "one")
	b.tell(t, "one")
	a.hold(fleet...)
	b.hold(fleet...)
	b.hears(t, "lb1", "one")
	a.hold(fleet[0])
	b.fact(t, "lb1", "to be silent", func(f spec.PeerFact) bool { return !f.Silent.IsZero() })
	found := false
	for _, r := range a.refused() {
		found = found || r.Key == fleet[1].PublicKey && r.Count > 0 && r.Who == "director lb2" && r.For == spec.RefusedOldKey
	}
	if !found {
		t.Errorf("refused: %+v", a.refused())
	}
}
