package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Head names a place in the chain: a record and the hash of its line. The zero Head stands before any record.
type Head struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"` // SHA-256, 64 hexadecimal digits
}

// genesis is what record 1 follows.
var genesis = Head{Hash: strings.Repeat("0", 2*sha256.Size)}

func hashOf(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// header is the part of a line that the chain needs. It is read without decoding the rest, which a newer version may have written
// and which the next line's prev covers: verifying costs little more than hashing.
type header struct {
	seq  uint64
	time time.Time
	prev string
}

func parseHeader(line []byte) (h header, ok bool) {
	rest, ok := number(line, `{"v":`, nil)
	if !ok {
		return h, false
	}
	if rest, ok = number(rest, `,"seq":`, &h.seq); !ok {
		return h, false
	}
	stamp, rest, ok := quoted(rest, `,"time":"`)
	if !ok {
		return h, false
	}
	prev, _, ok := quoted(rest, `,"prev":"`)
	if !ok || len(prev) != len(genesis.Hash) {
		return h, false
	}
	t, err := time.Parse(time.RFC3339Nano, string(stamp))
	h.time, h.prev = t, string(prev)
	return h, err == nil
}

func number(b []byte, name string, into *uint64) (rest []byte, ok bool) {
	if b, ok = bytes.CutPrefix(b, []byte(name)); !ok {
		return nil, false
	}
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	v, err := strconv.ParseUint(string(b[:n]), 10, 64)
	if into != nil {
		*into = v
	}
	return b[n:], err == nil
}

func quoted(b []byte, name string) (value, rest []byte, ok bool) {
	if b, ok = bytes.CutPrefix(b, []byte(name)); !ok {
		return nil, nil, false
	}
	return bytes.Cut(b, []byte{'"'})
}
