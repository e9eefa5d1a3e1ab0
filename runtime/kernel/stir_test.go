package kernel_test

import (
	"context"
	"testing"

	"github.com/lbsync/lbsync/runtime/kernel"
)

// An interface that goes is told at once, and the end of the context ends the listening.
func TestStir(t *testing.T) {
	c := newCable(t)
	w, err := kernel.OpenWatcher()
	check(t, err)
	to, ended := make(chan struct{}, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { ended <- w.Stir(ctx, to) }()
	check(t, c.SetUp(c.Index, false))
	<-to
	ip(t, "link del eth0")
	<-to
	cancel()
	check(t, <-ended)
}
