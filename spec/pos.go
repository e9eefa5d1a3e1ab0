package spec

import (
	"strconv"

	"github.com/hashicorp/hcl/v2"
)

// Pos is a place in a source file: line and column count from 1, Len is in bytes of that line. The zero Pos is "nowhere".
type Pos struct {
	File     string
	Line     uint32
	Col, Len uint16
}

// String is "file:line", or "" for the zero Pos.
func (p Pos) String() string {
	if p.Line == 0 {
		return ""
	}
	return p.File + ":" + strconv.FormatUint(uint64(p.Line), 10)
}

// Range is the place as diagnostics name it. Its byte offsets are zero: Sources.Locate fills them in before an excerpt is shown.
func (p Pos) Range() hcl.Range {
	start := hcl.Pos{Line: int(p.Line), Column: int(p.Col)}
	return hcl.Range{Filename: p.File, Start: start, End: hcl.Pos{Line: start.Line, Column: start.Column + int(p.Len)}}
}

// Mark is a place relative to the first line of the block it was read from. Blocks are cached by their bytes, so what a block
// holds must not change when lines are added above it; Place puts the block back where it stands now.
type Mark struct {
	Line     uint32 // 1 is the block's first line; 0 is "nowhere"
	Col, Len uint16
}

// Place is where a block stands in the fleet: its file, and the number of lines above it there.
type Place struct {
	File string
	Base uint32
}

// Pos makes a mark of this block absolute.
func (p Place) Pos(m Mark) Pos {
	if m.Line == 0 {
		return Pos{}
	}
	return Pos{File: p.File, Line: p.Base + m.Line, Col: m.Col, Len: m.Len}
}

// Placed is a cached, immutable block together with where it stands in this fleet.
type Placed[T any] struct {
	Def   *T
	Place Place
}
