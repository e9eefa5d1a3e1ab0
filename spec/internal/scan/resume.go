package scan

import "unicode/utf8"

// Resume finds kids of a block of type parent, as Split does, from where one of them begins: its Start and Line are those of from. It
// ends behind the first kid for whose end stop is true. It is false, and Split has to tell, when there is none, when something is wrong,
// and when there is a for expression, since those are counted for the whole block.
func Resume(src []byte, parent string, from Item, stop func(end int) bool, opt Options) ([]Item, bool) {
	s := &scanner{src: src, opt: opt, pos: from.Start, bol: from.Start, line: from.Line, inItem: true, item: Item{Type: parent}}
	s.stack = append(make([]frame, 0, MaxDepth+2), frame{kind: '{'}, frame{kind: '{', line: -1})
	for known := 0; s.pos < len(src) && s.problem == nil && len(s.stack) > 1; {
		if s.token(); len(s.item.Kids) == known {
			continue
		}
		known = len(s.item.Kids)
		if end := s.item.Kids[known-1].End; stop(end) {
			return s.item.Kids, s.fors == 0 && utf8.Valid(src[from.Start:end])
		}
	}
	return nil, false
}
