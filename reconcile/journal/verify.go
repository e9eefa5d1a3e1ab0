package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Report is what Verify found.
type Report struct {
	Segments int     `json:"segments"`
	Records  uint64  `json:"records"`
	Head     Head    `json:"head"`             // the last record
	Torn     *Torn   `json:"torn,omitempty"`   // not a fault
	Faults   []Fault `json:"faults,omitempty"` // in the order of the files, the first maxFaults
}

// OK tells whether the chain holds.
func (r Report) OK() bool { return len(r.Faults) == 0 }

// Torn is an incomplete last line: of an append that is under way, or of a crash; the agent's next start cuts it.
type Torn struct {
	File  string `json:"file"`
	Off   int64  `json:"offset"`
	Bytes int64  `json:"bytes"`
}

// Fault is a place at which the chain does not hold.
type Fault struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"` // from 1; 0 is the file as a whole
	Seq  uint64 `json:"seq,omitempty"`  // of the record that stands there
	What string `json:"what"`
}

func (f Fault) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.File, f.What)
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.What)
}

// Verify reads the whole journal and proves its chain. The end of it, and whether all of it was written anew, can only be judged
// against heads that are known from elsewhere: the record of each has to stand there with that very hash.
//
// The error is about a folder that cannot be read; what is wrong with the journal is in the report.
func Verify(dir string, known ...Head) (Report, error) {
	files, err := segments(dir)
	if err != nil {
		return Report{}, err
	}
	v := newVerifier(genesis, known)
	for i, s := range files {
		if err := v.segment(s, i == len(files)-1); err != nil {
			return Report{}, err
		}
	}
	v.finish()
	return v.Report, nil
}

// segment walks one file. Only the last one may end with a torn line.
func (v *verifier) segment(s segment, last bool) error {
	f, size, err := openSegment(s)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("verify %s: it was removed meanwhile", s.name())
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	v.begin(s, size)
	for l, err := range forward(f, size) {
		v.at.Line++
		switch {
		case err != nil:
			v.fault("cannot be read: %v", err)
		case last && l.torn():
			v.Torn = &Torn{s.name(), l.off, size - l.off}
		default:
			v.line(l)
		}
	}
	return nil
}

func openSegment(s segment) (*os.File, int64, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, 0, fmt.Errorf("read journal: %w", err)
	}
	st, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("read journal: %w", err), f.Close())
	}
	return f, st.Size(), nil
}
