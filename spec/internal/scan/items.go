package scan

import (
	"bytes"
	"slices"
)

// begin marks the first token of an item or of a kid.
func (s *scanner) begin() {
	switch {
	case len(s.stack) == 1 && !s.inItem:
		s.item, s.inItem, s.fors = s.start(), true, 0
	case len(s.stack) == 2 && !s.inKid && s.top().kind == '{' && slices.Contains(s.opt.Parent, s.item.Type):
		s.kid, s.inKid = s.start(), true
	}
}

func (s *scanner) start() Item {
	it := Item{Start: s.bol, Line: s.line, Col: 1}
	if s.bol+indent(s.src[s.bol:s.pos]) < s.pos {
		it.Start, it.Col = s.pos, s.pos-s.bol+1
	}
	if isIdent(s.src[s.pos]) {
		it.Type = word(s.src[s.pos : s.pos+identLen(s.src[s.pos:])])
	}
	return it
}

// word keeps the block types that occur thousands of times from being allocated as often.
func word(b []byte) string {
	switch string(b) {
	case "virtual_server":
		return "virtual_server"
	case "vrrp_instance":
		return "vrrp_instance"
	case "cluster":
		return "cluster"
	}
	return string(b)
}

func (s *scanner) endItem(end int) {
	if !s.inItem {
		return
	}
	s.inItem, s.inKid = false, false
	s.item.End = end
	s.item.Lines = bytes.Count(s.src[s.item.Start:end], []byte{'\n'})
	s.items = append(s.items, s.item)
}

// endKid closes a kid at the end of its last line. A kid that shares its first line with something else, or is not of a wanted
// type, stays part of its parent.
func (s *scanner) endKid(end int) {
	if !s.inKid {
		return
	}
	s.inKid = false
	if s.kid.Col == 1 && slices.Contains(s.opt.Kids, s.kid.Type) {
		s.kid.End = end
		s.kid.Lines = s.line - s.kid.Line
		s.item.Kids = append(s.item.Kids, s.kid)
	}
}
