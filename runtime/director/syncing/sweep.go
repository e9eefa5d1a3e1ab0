package syncing

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/lbsync/lbsync/runtime/connsync"
)

// errLimit ends a reading that takes longer than was predicted.
var errLimit = fmt.Errorf("%w: reading was ended after %s", ErrTooCostly, 2*ReadBudget)

const (
	checkEvery = 1024 // lines, after which the clock is looked at
	maxPasses  = 3
	tolerated  = 1000 // one of so many connections may be missed
)

// sweep reads the table so that few connections are missed.
//
// A kernel that walks finds the place where a read goes on by counting from the table's start. Each connection that has ended before
// this place makes the read miss one, and each that was opened makes it see one twice. On a director with traffic these come about
// equally often: where many come twice, or fewer come than the real servers count, the table is read again for those that were missed.
type sweep struct {
	table    *Table
	expected int  // connections, as the real servers count them
	shifts   bool // the kernel walks

	wanted  func(virtual netip.Addr) bool
	skipped int // of kinds that are not synchronised or not wanted, in the first pass
	began   time.Time
	pass    uint8
	seen    map[uint64]uint8 // the pass in which a hash came last
	lines   int              // of this pass
	fresh   int              // connections that came in this pass and in none before
	doubled int              // of this pass
}

// read hands each synchronised connection of the wanted virtual addresses to on, once where the kernel walks. The error is errLimit when
// not all was read.
func (s *sweep) read(ctx context.Context, wanted func(netip.Addr) bool, on func(*connsync.Conn)) error {
	s.began, s.wanted, s.seen = s.table.Now(), wanted, map[uint64]uint8{}
	for {
		s.pass++
		s.lines, s.fresh, s.doubled = 0, 0, 0
		err := s.table.Connections(ctx, func(line []byte) error { return s.line(line, on) })
		if err != nil || !s.shifts || s.pass == maxPasses || s.complete() {
			return err
		}
	}
}

// complete judges the pass that has ended.
func (s *sweep) complete() bool {
	if s.pass > 1 {
		return s.fresh*tolerated <= len(s.seen)
	}
	missing := max(s.expected-(s.lines-s.doubled), 0)
	return (s.doubled+missing)*tolerated <= s.lines
}

func (s *sweep) line(line []byte, on func(*connsync.Conn)) error {
	if s.lines++; s.lines%checkEvery == 0 && s.table.Now().Sub(s.began) > 2*ReadBudget {
		return errLimit
	}
	c, synced, err := connsync.ParseLine(line)
	if err != nil {
		return err
	}
	// The template of a firewall mark has no virtual address; the real server that another director has for it is never changed by ours
	// (ip_vs_sync.c, ip_vs_proc_conn).
	if !synced || c.Proto != connsync.IP && !s.wanted(c.Virtual.Addr()) {
		if s.pass == 1 {
			s.skipped++
		}
		return nil
	}
	if s.shifts {
		h := c.Hash()
		last := s.seen[h]
		s.seen[h] = s.pass
		if last == s.pass {
			s.doubled++
		}
		if last != 0 {
			return nil
		}
		s.fresh++
	}
	on(&c)
	return nil
}
