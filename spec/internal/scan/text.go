package scan

import (
	"bytes"
	"fmt"
)

// quoted reads on inside a quoted template.
func (s *scanner) quoted() {
	for plainByte[s.src[s.pos]] {
		if s.pos++; s.pos == len(s.src) {
			return
		}
	}
	switch c := s.src[s.pos]; {
	case c == '"':
		s.stack = s.stack[:len(s.stack)-1]
		s.pos++
	case c == '\n':
		f := s.top()
		s.fail(f.offset, s.pos-f.offset, f.line, "Quote not closed", "A quoted string must end on its line: write the closing \", or use a heredoc for text of several lines.")
	case c == '\\':
		s.pos++
		if s.pos < len(s.src) && s.src[s.pos] != '\n' {
			s.pos++
		}
	default:
		s.templateSequence(c)
	}
}

// templateSequence enters "${" and "%{"; a doubled sign escapes them.
func (s *scanner) templateSequence(c byte) {
	switch {
	case s.at(1) == c && s.at(2) == '{':
		s.pos += 3
	case s.at(1) == '{':
		if c == '%' {
			s.top().ops++ // directives nest without brackets
		}
		s.push(c, 2)
	default:
		s.pos++
	}
}

// beginHeredoc enters "<<NAME" and "<<-NAME" at the end of a line; anything else is two operators.
func (s *scanner) beginHeredoc() {
	line := s.src[s.pos : s.pos+lineLen(s.src[s.pos:])]
	name := bytes.TrimSuffix(bytes.TrimPrefix(line[2:], []byte{'-'}), []byte{'\r'})
	if len(name) == 0 || !isIdent(name[0]) || identLen(name) != len(name) {
		s.operator('<')
		return
	}
	s.push('<', len(line))
	s.top().marker = name
	s.nextLine()
}

// heredoc reads on inside a heredoc, up to its end, a template sequence or the end of the line.
func (s *scanner) heredoc() {
	if s.pos == s.bol {
		line := s.src[s.pos : s.pos+lineLen(s.src[s.pos:])]
		if s.pos+len(line) < len(s.src) && bytes.Equal(bytes.TrimSpace(line), s.top().marker) {
			s.stack = s.stack[:len(s.stack)-1]
			s.pos += len(line)
			return
		}
	}
	n := bytes.IndexAny(s.src[s.pos:s.pos+lineLen(s.src[s.pos:])], "$%")
	if n < 0 {
		s.pos += lineLen(s.src[s.pos:])
		s.nextLine()
		return
	}
	s.pos += n
	s.templateSequence(s.src[s.pos])
}

func (s *scanner) nextLine() {
	if s.pos < len(s.src) {
		s.pos++
		s.line++
		s.bol = s.pos
	}
}

// number bounds a literal: big.Float keeps every digit, and turning a huge exponent into text takes seconds.
func (s *scanner) number() {
	start := s.pos
	digits := s.digits()
	if s.at(0) == '.' && isDigit(s.at(1)) {
		s.pos++
		digits += s.digits()
	}
	exponent := 0
	if c := s.at(0); c|0x20 == 'e' {
		n := 1
		if s.at(1) == '+' || s.at(1) == '-' {
			n = 2
		}
		if isDigit(s.at(n)) {
			s.pos += n
			exponent = s.digits()
		}
	}
	if digits > MaxDigits || exponent > MaxExponent {
		s.fail(start, s.pos-start, s.line, "Number too long", fmt.Sprintf("A number has at most %d digits and an exponent of %d digits.", MaxDigits, MaxExponent))
	}
}

func (s *scanner) digits() int {
	start := s.pos
	for isDigit(s.at(0)) {
		s.pos++
	}
	return s.pos - start
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
