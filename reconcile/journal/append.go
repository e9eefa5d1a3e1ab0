package journal

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

type written struct {
	records []Record
	err     error
}

// Append writes the records as one batch, with one write and one fsync, and returns them as they stand in the journal. When it
// returns without error they are durable. A *WriteError means that none of them is in the journal.
//
// An fsync cannot be interrupted. When the disk does not answer in time, Append returns ErrStuck, and so does every call until it
// answers.
func (j *Journal) Append(recs ...Record) ([]Record, error) {
	if len(recs) == 0 {
		return nil, nil
	}
	return j.submit(recs)
}

// submit waits for its turn and for the disk, but not forever.
func (j *Journal) submit(recs []Record) ([]Record, error) {
	late := time.NewTimer(j.opt.Timeout)
	defer late.Stop()
	select {
	case j.turn <- struct{}{}:
	case <-late.C:
		return nil, ErrStuck
	}
	mine := slices.Clone(recs)
	done := make(chan written, 1)
	go func() {
		defer func() { <-j.turn }()
		out, err := j.write(mine)
		done <- written{out, err}
	}()
	select {
	case w := <-done:
		return w.records, w.err
	case <-late.C:
		return nil, ErrStuck
	}
}

// write appends a batch; the caller has the turn.
func (j *Journal) write(recs []Record) ([]Record, error) {
	if j.closed {
		return nil, ErrClosed
	}
	recs = append(slices.Clone(j.pending), recs...)
	batch, head, err := j.encode(recs)
	if err != nil {
		return nil, err
	}
	if j.full(len(batch)) {
		if err := j.rotate(); err != nil {
			return nil, &WriteError{j.dir, err}
		}
	}
	if err := j.put(batch); err != nil {
		return nil, &WriteError{j.seg.path, err}
	}
	j.moveTo(head)
	recs = recs[len(j.pending):]
	j.pending = nil
	return recs, nil
}

// full tells whether a new segment is due. A torn tail is first written over where it is: only the last segment may end with one.
func (j *Journal) full(batch int) bool {
	return j.file == nil || !j.torn && j.size > 0 && j.size+int64(batch) > j.opt.SegmentSize
}

// encode seals the records in place and chains their lines.
func (j *Journal) encode(recs []Record) (batch []byte, head Head, err error) {
	head, now := j.position(), j.now().UTC()
	for i := range recs {
		recs[i] = recs[i].sealed(head, now)
		line, err := recs[i].line()
		if err != nil {
			return nil, head, fmt.Errorf("append to journal: %w", err)
		}
		head = Head{recs[i].Seq, hashOf(line)}
		batch = append(append(batch, line...), '\n')
	}
	return batch, head, nil
}

// put makes the bytes durable behind the last record. When it cannot, it takes back what may have been written; where even that
// fails, the next put does it first. A torn tail, whose record comes first in the batch, is written over and what is left of it cut
// afterwards: whenever this is interrupted, something torn is left and the fact does not get lost.
func (j *Journal) put(batch []byte) error {
	if j.dirty {
		if err := j.clean(); err != nil {
			return err
		}
	}
	_, err := j.file.WriteAt(batch, j.size)
	if err == nil && j.torn {
		err = j.file.Truncate(j.size + int64(len(batch)))
	}
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		j.dirty = true
		return errors.Join(err, j.clean())
	}
	j.size += int64(len(batch))
	j.torn = false
	return nil
}

// clean cuts what stands behind the last durable record.
func (j *Journal) clean() error {
	if err := j.file.Truncate(j.size); err != nil {
		return fmt.Errorf("cut an incomplete record: %w", err)
	}
	j.dirty = false
	return nil
}

// rotate begins a new segment. A number is used once: a file that a failed attempt left behind stays empty.
func (j *Journal) rotate() error {
	if j.dirty {
		if err := j.clean(); err != nil {
			return err
		}
	}
	next := newSegment(j.dir, j.seg.number+1)
	j.seg.number = next.number
	f, err := j.opt.Disk.Create(next.path)
	if err != nil {
		return err
	}
	old := j.file
	j.seg, j.file, j.size = next, f, 0
	if old != nil {
		_ = old.Close() // every record in it is durable already
	}
	return nil
}
