package syncing

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/lbsync/lbsync/runtime/connsync"
	"github.com/lbsync/lbsync/spec"
)

// Sender sends sync messages to one group; runtime/kernel has it.
type Sender interface {
	Send(message []byte) error
	Close() error
}

// Config is what the room works with. All of it is needed.
type Config struct {
	// Connections hands each line of /proc/net/ip_vs_conn to on, until it returns an error; that error is returned.
	Connections func(ctx context.Context, on func(line []byte) error) error
	Sender      func(d spec.Daemon) (Sender, error)
	Release     func() (string, error) // of the kernel
	// Stats are the counters of all real servers: how large the table is, before it is read.
	Stats func(ctx context.Context, services ...spec.ServiceKey) (spec.Stats, error)
	// State has the live services and real servers, for what the table does not say: firewall marks and the timeouts of persistence.
	State func(ctx context.Context) (spec.State, error)
	// Ours is which virtual addresses packets are directed to here now; what it returned does not change any more. The table has copies of
	// the other directors' connections too, some of them old; sent back, one would replace the live connection there.
	Ours func() func(virtual netip.Addr) bool
	Now  func() time.Time
}

// Table is a director's connection table. It is read by one call at a time.
type Table struct {
	Config
	turn chan struct{}
}

// New is the table of the director that the configuration reaches.
func New(c Config) *Table { return &Table{Config: c, turn: make(chan struct{}, 1)} }

// ErrTooCostly means that the table is too large to be read within ReadBudget on this kernel.
var ErrTooCostly = errors.New("the connection table is too large to be read")

// begin waits for the turn, and refuses what would cost too much. Without error the caller has to call the returned function.
func (t *Table) begin(ctx context.Context) (s sweep, end func(), err error) {
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return sweep{}, nil, fmt.Errorf("wait for another reading of the connection table: %w", ctx.Err())
	}
	if s, err = t.affordable(ctx); err != nil {
		<-t.turn
		return sweep{}, nil, err
	}
	return s, func() { <-t.turn }, nil
}

func (t *Table) affordable(ctx context.Context) (sweep, error) {
	stats, err := t.Stats(ctx)
	if err != nil {
		return sweep{}, err
	}
	release, err := t.Release()
	if err != nil {
		return sweep{}, err
	}
	v4, v6 := 0, 0
	for _, d := range stats.Dests {
		n := int(d.Active) + int(d.Inactive) + int(d.Persistent)
		if d.Key.Addr.Addr().Is4() {
			v4 += n
		} else {
			v6 += n
		}
	}
	if cost := ReadCost(v4, v6, release); cost > ReadBudget {
		return sweep{}, fmt.Errorf("%w: %d connections would take about %s on Linux %s, and %s is the most", ErrTooCostly, v4+v6, cost.Round(time.Second), release, ReadBudget)
	}
	return sweep{table: t, expected: v4 + v6, shifts: walks(release)}, nil
}

// Sample takes the part of the table that a backup tells its masters. The error wraps ErrTooCostly where the table cannot be read.
func (t *Table) Sample(ctx context.Context) (spec.ConnSample, error) {
	s, end, err := t.begin(ctx)
	if err != nil {
		return spec.ConnSample{}, fmt.Errorf("sample connections: %w", err)
	}
	defer end()
	var out connsync.Sample
	if err := s.read(ctx, func(netip.Addr) bool { return true }, out.Add); err != nil {
		return spec.ConnSample{}, fmt.Errorf("sample connections: %w", err)
	}
	return t.told(out), nil
}

// told is a sample as directors tell it.
func (t *Table) told(s connsync.Sample) spec.ConnSample {
	return spec.ConnSample{Version: spec.DocumentVersion, Taken: t.Now(), Total: s.Total, Bits: s.Bits, Hashes: s.Hashes}
}

// Cover compares the sample of what a master's Resync sent with a backup's Sample. Receiver is for the caller to fill in.
func (*Table) Cover(master, backup spec.ConnSample) spec.Coverage {
	sampled, known := connsync.Known(plain(master), plain(backup))
	return spec.Coverage{Total: master.Total, Sampled: sampled, Known: known, At: backup.Taken}
}

func plain(s spec.ConnSample) connsync.Sample {
	return connsync.Sample{Total: s.Total, Bits: s.Bits, Hashes: s.Hashes}
}
