package spec

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"time"
)

// Plan is what has to be done to one director, in order. It is data: it prints, it is journaled, and its digest says whether two
// plans are the same.
type Plan struct {
	Director string
	Commit   Commit
	Steps    []Step
	Held     []Hold
	Foreign  []Foreign
	Left     []Left
	Digest   Digest
}

// Step is a batch of changes whose order among themselves does not matter.
type Step struct {
	Phase   Phase
	Changes []Change
}

// Digest identifies a plan: SHA-256 over its changes in order.
type Digest [32]byte

// String is "sha256:" and the hexadecimal digits.
func (d Digest) String() string               { return "sha256:" + hex.EncodeToString(d[:]) }
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the String form.
func (d *Digest) UnmarshalText(b []byte) error {
	digits, ok := bytes.CutPrefix(b, []byte("sha256:"))
	if n, err := hex.Decode(make([]byte, len(digits)), digits); !ok || err != nil || n != len(d) {
		return fmt.Errorf("plan digest %q: want \"sha256:\" and 64 hexadecimal digits", b)
	}
	_, err := hex.Decode(d[:], digits)
	return err
}

// Hold is a change that waits, with why and until when (the zero time: until the cause goes away). The object is left as it is, or,
// where Field names one, has all of what is wanted but this setting.
type Hold struct {
	Key   Key
	Field string
	Why   string
	Until time.Time
}

// Foreign is a live object that is neither wanted nor ours: it is reported and left alone.
type Foreign struct {
	Key   Key
	Value Value
}

// Left is drift that is reported and not put right, and why.
type Left struct {
	Change Change // what would put it right
	Why    string
}

// Changes counts the changes of all steps.
func (p Plan) Changes() int {
	n := 0
	for _, s := range p.Steps {
		n += len(s.Changes)
	}
	return n
}

// Risk is the highest risk of any change.
func (p Plan) Risk() Risk {
	var r Risk
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			r = max(r, c.Risk)
		}
	}
	return r
}
