package journal

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// The defaults of Options.
const (
	DefaultSegmentSize = 16 << 20
	DefaultTimeout     = 10 * time.Second
)

// Options change how a journal is written; the zero value is the default.
type Options struct {
	SegmentSize int64         // bytes; a batch that would exceed it begins a new segment. 0 is DefaultSegmentSize
	Timeout     time.Duration // how long Append waits for the disk. 0 is DefaultTimeout
	Disk        Disk          // nil is OS
}

// Journal writes the journal of a folder. It may be used by several goroutines.
type Journal struct {
	dir  string
	now  func() time.Time
	opt  Options
	lock *os.File
	turn chan struct{} // holds a token while somebody writes

	// Owned by who has the turn.
	seg     segment
	file    File     // nil: the next append begins a segment
	size    int64    // length of the segment up to the last record that is durable
	dirty   bool     // what a failed append wrote may stand behind size
	torn    bool     // what a crash left stands behind size
	pending []Record // what Open has to say; written before anything else
	closed  bool
	broken  error // what Open found altered

	mu   sync.Mutex
	head Head
}

// Open takes the journal in dir for this process, creating it when there is none, and makes sure that it can be appended to: see
// OpenWith.
func Open(dir string, now func() time.Time) (*Journal, error) {
	return OpenWith(dir, now, Options{})
}

// OpenWith takes the journal in dir for this process; a *LockedError names the process that has it. An incomplete last line is cut,
// which is recorded (TornTail). A last segment that was altered is left as it is and the chain goes on in a new one, which says so
// (ChainBroken): the agent goes on, and Verify keeps finding the fault. Segments before the last are not looked at. Where a full
// disk refuses such a record, it is written with the next Append.
func OpenWith(dir string, now func() time.Time, opt Options) (*Journal, error) {
	if opt.SegmentSize == 0 {
		opt.SegmentSize = DefaultSegmentSize
	}
	if opt.Timeout == 0 {
		opt.Timeout = DefaultTimeout
	}
	if opt.Disk == nil {
		opt.Disk = OS
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	l, err := lock(dir)
	if err != nil {
		return nil, err
	}
	j := &Journal{dir: dir, now: now, opt: opt, lock: l, turn: make(chan struct{}, 1)}
	if err := j.recover(); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal %s: %w", dir, err), j.Close())
	}
	return j, nil
}

// Head is the last record that is durable; 0 and 64 zeros when there is none.
func (j *Journal) Head() (seq uint64, hash string) {
	h := j.position()
	return h.Seq, h.Hash
}

func (j *Journal) position() Head {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.head
}

func (j *Journal) moveTo(h Head) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.head = h
}

// Close lets go of the folder. It waits for an append that is under way, as long as Append would.
func (j *Journal) Close() error {
	late := time.NewTimer(j.opt.Timeout)
	defer late.Stop()
	select {
	case j.turn <- struct{}{}:
	case <-late.C:
		return ErrStuck
	}
	defer func() { <-j.turn }()
	if j.closed {
		return nil
	}
	j.closed = true
	var err error
	if j.file != nil {
		err = j.file.Close()
	}
	return errors.Join(err, j.lock.Close())
}
