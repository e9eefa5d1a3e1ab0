package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// recover finds the end of the chain and makes it fit to be appended to.
func (j *Journal) recover() error {
	files, err := segments(j.dir)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		j.moveTo(genesis)
		return nil
	}
	j.seg = files[len(files)-1]
	before, err := lastOf(files[:len(files)-1])
	if err != nil {
		return err
	}
	v := newVerifier(before, nil)
	if err := v.segment(j.seg, true); err != nil {
		return err
	}
	j.moveTo(v.Head)
	j.size = v.size
	if err := j.resume(v); err != nil {
		return err
	}
	return j.report()
}

// lastOf is the last complete record of the segments.
func lastOf(files []segment) (Head, error) {
	for i := len(files) - 1; i >= 0; i-- {
		h, err := lastIn(files[i])
		if h != (Head{}) || err != nil {
			return h, err
		}
	}
	return genesis, nil
}

func lastIn(s segment) (Head, error) {
	f, size, err := openSegment(s)
	if err != nil {
		return Head{}, err
	}
	defer func() { _ = f.Close() }()
	for l, err := range backward(f, size) {
		if err != nil {
			return Head{}, fmt.Errorf("read %s: %w", s.name(), err)
		}
		if h, ok := parseHeader(l.bytes); ok && !l.open {
			return Head{h.seq, hashOf(l.bytes)}, nil
		}
	}
	return Head{}, nil
}

// resume appends to the last segment, unless it was altered: then it stays as it is, as evidence, and a new one is begun.
func (j *Journal) resume(v *verifier) error {
	if !v.OK() {
		j.broken = errors.New(v.Faults[0].String())
		j.pending = []Record{{Event: ChainBroken, Actor: "agent", Detail: j.broken.Error()}}
		return nil
	}
	if v.Torn != nil {
		cut, err := tornBytes(j.seg, *v.Torn)
		if err != nil {
			return err
		}
		j.torn, j.size = true, v.Torn.Off
		j.pending = []Record{{Event: TornTail, Actor: "agent", Detail: fmt.Sprintf("cut %d bytes: %s", v.Torn.Bytes, cut)}}
	}
	var err error
	j.file, err = j.opt.Disk.Open(j.seg.path)
	return err
}

// report writes what Open has to say. A disk that refuses it now does not keep the agent from starting: the next Append tells.
func (j *Journal) report() error {
	if len(j.pending) == 0 {
		return nil
	}
	_, err := j.submit(nil)
	if _, full := errors.AsType[*WriteError](err); full || errors.Is(err, ErrStuck) {
		return nil
	}
	return err
}

// maxCut is how much of a torn tail its record keeps.
const maxCut = 512

func tornBytes(s segment, t Torn) (string, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.NewSectionReader(f, t.Off, min(t.Bytes, maxCut)))
	return fmt.Sprintf("%q", b), err
}
