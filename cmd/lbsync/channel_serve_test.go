package main

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/identity"
)

// served is the channel of lb1, which answers until the test ends.
func served(t *testing.T, key string, d spec.Director, listen string) *channel {
	t.Helper()
	c := newChannel(&spec.AgentConfig{Director: "lb1", KeyFile: key, Listen: listen}, slog.New(slog.DiscardHandler), nil)
	c.again, c.look = time.Millisecond, time.Millisecond
	c.Trust(spec.View{Director: spec.Placed[spec.Director]{Def: &d}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.serve(ctx, &service{})
	}()
	t.Cleanup(func() { cancel(); <-done })
	return c
}

// becomes waits until the channel says something of itself.
func becomes(t *testing.T, c *channel, what string, ok func(*spec.ChannelStatus) bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(patience)
	defer late.Stop()
	for !ok(c.Report()) {
		select {
		case <-tick.C:
		case <-late.C:
			t.Fatalf("%s: %+v", what, c.Report())
		}
	}
}

// A port that somebody else has is a problem in status, and tried again until it is free.
func TestChannelListensOnceThePortIsFree(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key.pem")
	k, err := identity.Create(key)
	if err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := other.Addr().String()
	c := served(t, key, spec.Director{Name: "lb1", PublicKey: k.Public}, at)
	becomes(t, c, "the port is taken", func(s *spec.ChannelStatus) bool {
		return s.Listener != nil && s.Address == "" && strings.Contains(s.Listener.Error, at+": ") && strings.Contains(s.Listener.Error, "address already in use; who else has the port?")
	})
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	becomes(t, c, "the port is free", func(s *spec.ChannelStatus) bool { return s.Listener == nil && s.Address == at })
}

// A key that comes after the start is used, and one that changes too; until then it is said what is missing.
func TestChannelTakesAKeyThatComesLater(t *testing.T) {
	dir := t.TempDir()
	key, made := filepath.Join(dir, "key.pem"), filepath.Join(dir, "made.pem")
	k, err := identity.Create(made)
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddrPort(free.Addr().String())
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	c := served(t, key, spec.Director{Name: "lb1", PublicKey: k.Public}, at.String())
	becomes(t, c, "there is no key", func(s *spec.ChannelStatus) bool {
		return s.Key != nil && strings.Contains(s.Key.Error, "which has none") && strings.Contains(s.Key.Error, "lbsync keygen") && s.Address == "" && s.Listener == nil
	})
	if err := os.Rename(made, key); err != nil {
		t.Fatal(err)
	}
	becomes(t, c, "the key is there", func(s *spec.ChannelStatus) bool { return s.Key == nil && s.Address == at.String() })
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if _, err := identity.Create(key); err != nil {
		t.Fatal(err)
	}
	becomes(t, c, "the key is another one", func(s *spec.ChannelStatus) bool {
		return s.Key != nil && strings.Contains(s.Key.Error, "put the key that belongs to it there") && s.Address == at.String()
	})
}
