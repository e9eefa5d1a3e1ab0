package journal

import (
	"errors"
	"fmt"
)

// ErrStuck says that the disk does not answer. Whether the records are written is decided when it does: they are then either whole
// in the journal or not at all.
var ErrStuck = errors.New("append to journal: the disk does not answer")

// ErrClosed is returned by Append after Close.
var ErrClosed = errors.New("append to journal: it is closed")

// WriteError is a refusal of the disk, such as ENOSPC. Nothing of the records is in the journal, and the next Append tries again.
type WriteError struct {
	Path string
	Err  error
}

func (e *WriteError) Error() string { return fmt.Sprintf("append to journal %s: %v", e.Path, e.Err) }
func (e *WriteError) Unwrap() error { return e.Err }

// LineError is a line that cannot be read as a record.
type LineError struct {
	File string // name of the segment
	Off  int64  // byte at which the line begins
	Err  error
}

func (e *LineError) Error() string {
	return fmt.Sprintf("read %s at byte %d: %v", e.File, e.Off, e.Err)
}
func (e *LineError) Unwrap() error { return e.Err }
