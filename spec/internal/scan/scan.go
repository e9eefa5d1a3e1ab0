// Package scan walks over HCL source once, without allocating per token: it refuses what would cost the parser without bound, and
// finds where the top-level blocks are, so that they can be parsed and cached one by one.
//
// hclsyntax has no limits of its own: deep nesting ends in a stack overflow, which no recover catches, and a long number literal
// costs seconds. What follows its lexer: hcl/v2/hclsyntax/scan_tokens.rl.
package scan

import (
	"bytes"
	"unicode/utf8"
)

// The limits. Nesting counts open brackets, quotes and heredocs together with the operators that wait in each of them, since the
// parser recurses for both.
const (
	MaxNesting  = 128
	MaxDepth    = 64
	MaxDigits   = 20
	MaxExponent = 2 // digits
	MaxForDepth = 2
	MaxFors     = 64 // in one block
)

// Item is a block or an attribute that stands at the top of a file, or, as a kid, in a block.
type Item struct {
	Type       string // the first word; "" if it does not begin with one
	Start, End int    // from the start of the first line to behind the newline of the last
	Col        int    // of Start; above 1 when a comment ends on the first line
	Line       int    // lines above it in the file
	Lines      int    // lines it covers
	Kids       []Item
}

// Problem is the reason why a file must not be parsed.
type Problem struct {
	Offset, Len     int // the range that is to blame
	Line            int // counts from 1
	Col             int // bytes, counts from 1
	Summary, Detail string
}

// Options say which kids of which blocks become items of their own.
type Options struct{ Parent, Kids []string }

type frame struct {
	kind   byte // one of { [ ( " $ % < (a heredoc)
	offset int
	line   int
	ops    int  // operators since the last separator
	weight int  // what ops add up to in the frames around this one
	isFor  bool // a for expression
	marker []byte
}

type scanner struct {
	src     []byte
	pos     int
	line    int
	bol     int // offset of the start of the line
	stack   []frame
	fors    int
	suspect frame // see suspicious
	opt     Options

	item    Item // that is being read, at depth 0
	kid     Item // that is being read, at depth 1
	inItem  bool
	inKid   bool
	items   []Item
	problem *Problem
}

// Split finds the items of a file. With a problem there are no items.
func Split(src []byte, opt Options) ([]Item, *Problem) {
	if at := invalid(src); at >= 0 {
		p := &scanner{src: src}
		p.fail(at, 1, bytes.Count(src[:at], []byte{'\n'}), "Not UTF-8", "This byte is not UTF-8 text: write the file in UTF-8.")
		return nil, p.problem
	}
	s := &scanner{src: src, opt: opt, stack: make([]frame, 1, MaxDepth+2)}
	s.stack[0] = frame{kind: '{'}
	if bytes.HasPrefix(src, []byte("\ufeff")) { // a byte order mark, which hcl skips
		s.pos, s.bol = 3, 3
	}
	for s.pos < len(src) && s.problem == nil {
		s.token()
	}
	if s.problem == nil && len(s.stack) > 1 {
		s.unclosed()
	}
	if s.problem != nil {
		return nil, s.problem
	}
	s.endItem(len(src))
	return s.items, nil
}

// token reads one token, or what stands between two.
func (s *scanner) token() {
	switch s.top().kind {
	case '"':
		s.quoted()
	case '<':
		s.heredoc()
	default:
		s.code()
	}
}

func (s *scanner) top() *frame { return &s.stack[len(s.stack)-1] }

// code reads one token outside of strings.
func (s *scanner) code() {
	c := s.src[s.pos]
	switch {
	case c == '\n':
		s.newline()
		return
	case c == ' ' || c == '\t' || c == '\r':
		for s.pos++; s.pos < len(s.src) && s.src[s.pos] == ' '; s.pos++ {
		}
		return
	case c == '#' || c == '/' && s.at(1) == '/':
		s.pos += lineLen(s.src[s.pos:])
		return
	case c == '/' && s.at(1) == '*':
		s.blockComment()
		return
	}
	s.begin()
	switch {
	case c >= '0' && c <= '9':
		s.number()
	case isIdent(c):
		s.pos += identLen(s.src[s.pos:])
	case c == '"':
		s.push('"', 1)
	case c == '<' && s.at(1) == '<':
		s.beginHeredoc()
	case c == '{' || c == '[' || c == '(':
		s.open(c)
	case c == '}' || c == ']' || c == ')':
		s.close(c)
	default:
		s.operator(c)
	}
}

func (s *scanner) at(ahead int) byte {
	if s.pos+ahead < len(s.src) {
		return s.src[s.pos+ahead]
	}
	return 0
}

// operator counts what makes the parser or the evaluation recurse without a bracket. A comma starts afresh.
func (s *scanner) operator(c byte) {
	s.pos++
	f := s.top()
	switch c {
	case ',':
		f.ops = 0
	case '!', '-', '?', '+', '*', '/', '%', '&', '|', '<', '>':
		f.ops++
		s.checkNesting()
	}
}

func (s *scanner) newline() {
	s.pos++
	s.line++
	s.bol = s.pos
	f := s.top()
	if f.kind == '{' {
		f.ops = 0
	}
	switch len(s.stack) {
	case 1:
		s.endItem(s.pos)
	case 2:
		s.endKid(s.pos)
	}
}

func (s *scanner) blockComment() {
	n := bytes.Index(s.src[s.pos+2:], []byte("*/"))
	if n < 0 {
		s.fail(s.pos, 2, s.line, "Comment not closed", "This comment has no end: write */ behind it.")
		return
	}
	s.lines(s.src[s.pos : s.pos+n+4])
	s.pos += n + 4
}

// lines counts the newlines of text that starts at pos.
func (s *scanner) lines(text []byte) {
	if n := bytes.Count(text, []byte{'\n'}); n > 0 {
		s.line += n
		s.bol = s.pos + bytes.LastIndexByte(text, '\n') + 1
	}
}

func (s *scanner) fail(offset, length, line int, summary, detail string) {
	if s.problem == nil {
		bol := bytes.LastIndexByte(s.src[:offset], '\n') + 1
		s.problem = &Problem{Offset: offset, Len: length, Line: line + 1, Col: offset - bol + 1, Summary: summary, Detail: detail}
	}
}

// invalid is the offset of the first byte that is not UTF-8; -1 if there is none. hcl's lexer and parser disagree about such bytes.
func invalid(src []byte) int {
	if utf8.Valid(src) {
		return -1
	}
	at := 0
	for r, n := utf8.DecodeRune(src); r != utf8.RuneError || n != 1; r, n = utf8.DecodeRune(src[at:]) {
		at += n
	}
	return at
}

func lineLen(b []byte) int {
	if n := bytes.IndexByte(b, '\n'); n >= 0 {
		return n
	}
	return len(b)
}

func isIdent(c byte) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// identLen is the length of the identifier that b begins with (UAX 31, and "-").
func identLen(b []byte) int {
	for n, c := range b {
		if !identByte[c] {
			return n
		}
	}
	return len(b)
}

// identByte and plainByte are tables, since the loops over them see nearly every byte of a fleet.
var identByte, plainByte = func() (ident, plain [256]bool) {
	for c := range 256 {
		ident[c] = isIdent(byte(c)) || c == '-' || c >= '0' && c <= '9'
		plain[c] = c != '"' && c != '\n' && c != '\\' && c != '$' && c != '%'
	}
	return
}()
