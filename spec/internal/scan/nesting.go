package scan

import (
	"bytes"
	"fmt"
)

// open enters a bracket.
func (s *scanner) open(c byte) {
	if c == '[' {
		s.top().ops++ // an index chain recurses: a[0][0][0]
	}
	block := c == '{' && len(s.stack) == 1
	s.push(c, 1)
	if !block && c != '(' && s.problem == nil {
		s.forExpr()
	}
}

// push enters a bracket, quote or template sequence whose opening is n bytes long.
func (s *scanner) push(kind byte, n int) {
	up := s.top()
	s.stack = append(s.stack, frame{kind: kind, offset: s.pos, line: s.line, weight: up.weight + up.ops})
	s.pos += n
	s.checkNesting()
}

func (s *scanner) checkNesting() {
	f := s.top()
	if d := len(s.stack) - 1; d > MaxDepth || d+f.weight+f.ops > MaxNesting {
		s.fail(min(s.pos, len(s.src)-1), 1, s.line, "Nested too deeply",
			fmt.Sprintf("At most %d brackets, quotes and blocks may be open inside each other, and %d together with the operators between them. Give parts of the expression a name in locals.", MaxDepth, MaxNesting))
	}
}

// forExpr counts a for expression, whose cost multiplies with each one around it.
func (s *scanner) forExpr() {
	rest := s.src[s.pos:]
	for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r' || rest[0] == '\n') {
		rest = rest[1:]
	}
	if len(rest) < 3 || !isIdent(rest[0]) || string(rest[:identLen(rest)]) != "for" {
		return
	}
	s.top().isFor = true
	s.fors++
	depth := 0
	for _, f := range s.stack {
		if f.isFor {
			depth++
		}
	}
	if depth > MaxForDepth {
		s.fail(s.top().offset, 1, s.line, "Too many for expressions inside each other",
			fmt.Sprintf("for expressions may be nested %d deep: each level multiplies the work. Build the inner list in locals first.", MaxForDepth))
	}
	if s.fors > MaxFors {
		s.fail(s.top().offset, 1, s.line, "Too many for expressions",
			fmt.Sprintf("A block may hold at most %d for expressions. Move some to locals blocks of their own.", MaxFors))
	}
}

var closer = [256]byte{'{': '}', '[': ']', '(': ')', '$': '}', '%': '}'}

func (s *scanner) close(c byte) {
	f := *s.top()
	if len(s.stack) == 1 {
		s.fail(s.pos, 1, s.line, "Bracket without a beginning", fmt.Sprintf("Nothing is open that this %q could close: remove it, or look for one too many above.", c))
		return
	}
	if closer[f.kind] != c {
		s.mismatch(f, c)
		return
	}
	s.suspicious(f)
	s.stack = s.stack[:len(s.stack)-1]
	s.pos++
}

func (s *scanner) mismatch(f frame, c byte) {
	s.fail(s.pos, 1, s.line, "Bracket does not match",
		fmt.Sprintf("%q cannot close the %q of line %d: write %q first.", c, opening(f.kind), f.line+1, closer[f.kind]))
}

func opening(kind byte) string {
	switch kind {
	case '$', '%':
		return string(kind) + "{"
	default:
		return string(kind)
	}
}

// unclosed blames what is open when the file ends.
func (s *scanner) unclosed() {
	f := *s.top()
	switch f.kind {
	case '"':
		s.fail(f.offset, 1, f.line, "Quote not closed", "This string has no end: write \" behind it.")
	case '<':
		s.fail(f.offset, 2, f.line, "Heredoc not closed", fmt.Sprintf("This heredoc has no end: write %s alone on a line behind it.", f.marker))
	default:
		at := s.culprit(f)
		s.fail(at.offset, 1, at.line, "Bracket not closed", fmt.Sprintf("This %q has no matching %q before the end of the file.", opening(at.kind), closer[at.kind]))
	}
}

// culprit guesses by indentation: the first block that a brace of another indentation closed was probably meant to end before, and
// took the brace of the block around it.
func (s *scanner) culprit(innermost frame) frame {
	if s.suspect.kind != 0 {
		return s.suspect
	}
	return innermost
}

// suspicious remembers the first block whose closing brace stands elsewhere than its beginning.
func (s *scanner) suspicious(f frame) {
	if f.kind != '{' || f.line == s.line || s.suspect.kind != 0 {
		return
	}
	bol := bytes.LastIndexByte(s.src[:f.offset], '\n') + 1
	if own, closing := indent(s.src[bol:]), indent(s.src[s.bol:]); closing < own && s.bol+closing == s.pos {
		s.suspect = f
	}
}

// indent is written out: bytes.TrimLeft builds a table of its set at each call, a tenth of the time of a scan.
func indent(line []byte) int {
	n := 0
	for n < len(line) && (line[n] == ' ' || line[n] == '\t') {
		n++
	}
	return n
}
