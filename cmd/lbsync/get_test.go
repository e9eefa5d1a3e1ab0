package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/runtime/api/metrics"
	"github.com/lbsync/lbsync/spec"
)

// counted is an agent that cancels whoever watches it at the third look.
type counted struct {
	archive
	cancel context.CancelFunc
	reads  int
}

func (c *counted) Status(context.Context) (spec.Status, error) { return spec.Status{}, nil }
func (c *counted) Checks(context.Context) (spec.Checks, error) { return spec.Checks{}, nil }
func (c *counted) Stats(context.Context) (spec.Stats, error)   { return spec.Stats{}, nil }
func (c *counted) Metrics(context.Context) metrics.Scrape      { return metrics.Scrape{} }
func (c *counted) Do(context.Context, spec.Command) (spec.CommandResult, error) {
	return spec.CommandResult{}, nil
}

func (c *counted) Snapshot(context.Context) (spec.Snapshot, error) {
	if c.reads++; c.reads == 3 {
		c.cancel()
	}
	return spec.Snapshot{Version: 1, Director: "lb1"}, nil
}

func TestWatchGoesOnUntilInterrupted(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "agent.sock")
	l, err := api.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	serving, stop := context.WithCancel(t.Context())
	served := make(chan error)
	watching, cancel := context.WithCancel(t.Context())
	go func() { served <- api.Serve(serving, l, &counted{cancel: cancel}) }()

	var out bytes.Buffer
	root := newApp(nil, &out, &out).root()
	root.SetArgs([]string{"--socket", socket, "get", "services", "--watch=1ms"})
	if err := root.ExecuteContext(watching); err != nil {
		t.Errorf("watch ends with %v", err)
	}
	if n := strings.Count(out.String(), "SERVICE"); n < 2 || n > 3 {
		t.Errorf("printed %d times before the third look, want 2 or 3:\n%s", n, &out)
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
