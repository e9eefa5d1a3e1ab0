package journal

import "fmt"

// Broken is the alteration of the last segment that Open found, and recorded as ChainBroken; nil when there was none.
func (j *Journal) Broken() error { return j.broken }

// Has says whether a record that was durable once is still in the journal as it was. It reads from the end back to that record. The
// zero Head, and any before record 1, is in every journal.
func (j *Journal) Has(known Head) (bool, error) {
	if known.Seq == 0 {
		return true, nil
	}
	files, err := segments(j.dir)
	if err != nil {
		return false, err
	}
	for i := len(files) - 1; i >= 0; i-- {
		found, passed, err := find(files[i], known)
		if found || passed || err != nil {
			return found, err
		}
	}
	return false, nil
}

// find looks for a record in one segment; passed says that only older ones are left.
func find(s segment, known Head) (found, passed bool, err error) {
	f, size, err := openSegment(s)
	if err != nil {
		return false, false, err
	}
	defer func() { _ = f.Close() }()
	for l, err := range backward(f, size) {
		if err != nil {
			return false, false, fmt.Errorf("read %s: %w", s.name(), err)
		}
		h, ok := parseHeader(l.bytes)
		switch {
		case !ok || h.seq > known.Seq:
		case h.seq == known.Seq && hashOf(l.bytes) == known.Hash:
			return true, true, nil
		default:
			return false, true, nil
		}
	}
	return false, false, nil
}
