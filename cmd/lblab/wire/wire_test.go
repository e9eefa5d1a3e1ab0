package wire

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/lbsync/lbsync/cmd/lblab/topology"
)

func TestMessagesArriveInOrder(t *testing.T) {
	messages := []Message{
		{Kind: Start, Job: &Job{
			Machine:  &Machine{Modules: "/m", Release: "6.1", Shares: []string{"/a"}},
			Topology: []topology.Batch{{Namespace: "lb1", IP: []string{"link set lo up"}}},
			Commands: []Command{{Args: []string{"sh", "-c", "a  b\n'"}, Dir: "/", Env: []string{"X=\x00"}}},
		}},
		{Kind: EOF},
		{Kind: Stdout, Index: 2, Data: []byte("x")},
		{Kind: Exit, Index: 2, Code: 137, Elapsed: 5},
		{Kind: Done},
	}
	here, there := net.Pipe()
	var sender errgroup.Group
	sender.Go(func() error {
		defer func() { _ = here.Close() }()
		conn := New(here)
		for _, m := range messages {
			if err := conn.Send(m); err != nil {
				return err
			}
		}
		return nil
	})
	conn := New(there)
	for _, want := range messages {
		got, err := conn.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("message (-want +got):\n%s", diff)
		}
	}
	if _, err := conn.Receive(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last: %v, want EOF", err)
	}
	if err := sender.Wait(); err != nil {
		t.Error(err)
	}
}
