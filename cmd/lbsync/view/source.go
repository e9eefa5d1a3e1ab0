package view

import (
	"strconv"

	"github.com/lbsync/lbsync/spec"
)

// Source is where something is declared, as documents carry it.
type Source struct {
	File   string `json:"file"`
	Line   uint32 `json:"line"`
	Column uint16 `json:"column,omitempty"`
}

func sourceOf(p spec.Pos) *Source {
	if p.Line == 0 {
		return nil
	}
	return &Source{File: p.File, Line: p.Line, Column: p.Col}
}

// NewSource is where something stands; nil for nowhere.
func NewSource(p spec.Pos) *Source { return sourceOf(p) }

func (s *Source) String() string {
	if s == nil {
		return ""
	}
	return s.File + ":" + strconv.FormatUint(uint64(s.Line), 10)
}
