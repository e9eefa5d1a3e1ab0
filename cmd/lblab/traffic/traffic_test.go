package traffic

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// run drives traffic to l until all long-lived connections were answered and during() returned.
func run(t *testing.T, l net.Listener, during func()) Report {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c := Client{To: l.Addr().String(), Connections: 5, Every: time.Millisecond, Patience: 5 * time.Second}
	return c.Run(ctx, func() { during(); cancel() })
}

func TestNothingIsLostWhereNothingFails(t *testing.T) {
	l := listen(t)
	go func() { _ = Echo(t.Context(), l, "rs1") }()
	r := run(t, l, func() {})
	if !r.Clean() || r.Opened != 5 || r.Messages < 5 {
		t.Errorf("got %+v, want 5 connections, none lost", r)
	}
}

func TestLossesAreCounted(t *testing.T) {
	l := listen(t)
	serving, stop := context.WithCancel(t.Context())
	go func() { _ = Echo(serving, l, "rs1") }()
	c := Client{To: l.Addr().String(), Every: time.Millisecond, Patience: 5 * time.Second}
	r := &recorder{}
	// A connection that is lost ends by itself: the server stops after the first answer.
	c.long(t.Context(), 0, r, stop)
	if r.Opened != 1 || r.Lost != 1 || r.FirstLoss == nil || r.Clean() {
		t.Errorf("got %+v, want one connection, lost", r.Report)
	}
}

func TestNoConnectionIsNotClean(t *testing.T) {
	if (Report{}).Clean() {
		t.Error("a report of nothing must not count as clean")
	}
}

func TestReportNamesTheFirstLoss(t *testing.T) {
	l := listen(t)
	_ = l.Close()
	r := run(t, l, func() {})
	if !strings.Contains(r.String(), "connections lost: 5 of 5") || !strings.Contains(r.String(), "first loss: dial tcp") {
		t.Errorf("got\n%s", r)
	}
}
