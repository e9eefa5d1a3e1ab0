package main

import (
	"errors"
	"net"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// conversation with an inside that answers the job with the given messages and hangs up.
func scripted(t *testing.T, answers ...wire.Message) (*record, error) {
	t.Helper()
	here, there := net.Pipe()
	var inside errgroup.Group
	inside.Go(func() error {
		defer func() { _ = there.Close() }()
		conn := wire.New(there)
		for range 2 { // the job and the end of input
			if _, err := conn.Receive(); err != nil {
				return err
			}
		}
		for _, m := range answers {
			if err := conn.Send(m); err != nil {
				return err
			}
		}
		return nil
	})
	var r record
	err := converse(wire.New(here), wire.Job{}, nil, &r)
	_ = here.Close()
	if err := inside.Wait(); err != nil {
		t.Errorf("the inside: %v", err)
	}
	return &r, err
}

func TestConverse(t *testing.T) {
	r, err := scripted(t, wire.Message{Kind: wire.Stdout, Data: []byte("a")}, wire.Message{Kind: wire.Exit, Code: 3}, wire.Message{Kind: wire.Done})
	if err != nil || r.stdout != "a" || len(r.codes) != 1 || r.codes[0] != 3 {
		t.Errorf("%+v, %v", r, err)
	}
}

// A machine that ends after the command but before Done has perhaps not written its shares.
func TestConverseWithoutDone(t *testing.T) {
	if _, err := scripted(t, wire.Message{Kind: wire.Exit}); !errors.Is(err, errGone) {
		t.Errorf("error %v, want %v", err, errGone)
	}
}

func TestConverseBroken(t *testing.T) {
	_, err := scripted(t, wire.Message{Kind: wire.Broken, Data: []byte("no modules")})
	if err == nil || !strings.Contains(err.Error(), "prepare the machine: no modules") {
		t.Errorf("error %v", err)
	}
}
