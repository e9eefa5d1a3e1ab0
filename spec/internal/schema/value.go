package schema

import (
	"net/netip"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// Mark is a place within the text that a Decoder reads: line and column count from 1, Len is in bytes.
type Mark struct {
	Line     uint32
	Col, Len uint16
}

// Value is what an attribute says. Which part is set follows from the attribute's kind.
type Value struct {
	Str    string
	Int    int64
	Num    float64
	Bool   bool
	Dur    time.Duration
	Addr   netip.Addr // with Last: the ends of a span
	Last   netip.Addr
	Prefix netip.Prefix
	Port   uint16
	List   []Value
	By     map[string]Value // of a map, and of a per-director attribute that is one
	At     Mark
	Range  hcl.Range
}
