package plain

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// reader walks over the tokens of src.
type reader struct {
	src     []byte
	file    string
	pos     int
	base    int // byte of the file at which src begins
	line    int
	newline int // offset of the newline before the line: its columns count from there

	names  [16]string // the first of those seen: a few occur again and again
	attrs  []*hclsyntax.Attribute
	blocks hclsyntax.Blocks // of the bodies that are open, the innermost last
}

func (r *reader) eof() bool      { return r.pos == len(r.src) }
func (r *reader) at(c byte) bool { return r.pos < len(r.src) && r.src[r.pos] == c }

// follows says whether the rest begins with a comment's opening.
func (r *reader) follows(opening string) bool {
	return len(r.src)-r.pos >= len(opening) && string(r.src[r.pos:r.pos+len(opening)]) == opening
}

func (r *reader) here() hcl.Pos {
	return hcl.Pos{Line: r.line, Column: r.pos - r.newline, Byte: r.base + r.pos}
}

func (r *reader) since(start hcl.Pos) hcl.Range {
	return hcl.Range{Filename: r.file, Start: start, End: r.here()}
}

// token takes n bytes of one line.
func (r *reader) token(n int) hcl.Range {
	start := r.here()
	r.pos += n
	return r.since(start)
}

// blank skips what separates tokens in a line. A comment that is not plain is left: no token begins like it.
func (r *reader) blank() {
	for !r.eof() {
		switch {
		case r.at(' ') || r.at('\t'):
			r.pos++
		case !r.at('/') || !r.inlineComment():
			return
		}
	}
}

// inlineComment takes a comment in /* */, which may go over lines and is never a newline.
func (r *reader) inlineComment() bool {
	if !r.follows("/*") {
		return false
	}
	n := bytes.Index(r.src[r.pos+2:], []byte("*/"))
	if n < 0 {
		return false
	}
	end := r.pos + 2 + n + 2
	for i, c := range r.src[r.pos:end] {
		switch {
		case c == '\n':
			r.line++
			r.newline = r.pos + i
		case class[c]&printable == 0 && c != '\t':
			return false
		}
	}
	r.pos = end
	return true
}

// endOfLine takes a newline, with the line comment before it. The comment may be in any language: columns begin afresh behind it.
func (r *reader) endOfLine() bool {
	if !r.at('\n') && !r.at('#') && !r.follows("//") {
		return false
	}
	n := bytes.IndexByte(r.src[r.pos:], '\n')
	if n < 0 || bytes.IndexByte(r.src[r.pos:r.pos+n], '\r') >= 0 {
		return false
	}
	r.newline = r.pos + n
	r.pos += n + 1
	r.line++
	return true
}

// ident takes a name.
func (r *reader) ident() (string, hcl.Range, bool) {
	n := r.span(part)
	if n == 0 || class[r.src[r.pos]]&begin == 0 {
		return "", hcl.Range{}, false
	}
	name := r.name(r.src[r.pos : r.pos+n])
	return name, r.token(n), true
}

func (r *reader) name(b []byte) string {
	for i := range r.names {
		if r.names[i] == "" {
			r.names[i] = string(b)
		}
		if r.names[i] == string(b) {
			return r.names[i]
		}
	}
	return string(b)
}

// span is how many of the next bytes are of a class.
func (r *reader) span(of uint8) int {
	n := r.pos
	for n < len(r.src) && class[r.src[n]]&of != 0 {
		n++
	}
	return n - r.pos
}

// The classes of bytes.
const (
	begin uint8 = 1 << iota // of a name
	part                    // of a name
	digit
	printable
	literal // stands for itself between quotes
)

var class = func() (of [256]uint8) {
	for c := byte(' '); c <= '~'; c++ {
		of[c] = printable
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
			of[c] |= begin | part
		case c >= '0' && c <= '9':
			of[c] |= part | digit
		case c == '-':
			of[c] |= part
		}
		if c != '"' && c != '\\' && c != '$' && c != '%' {
			of[c] |= literal
		}
	}
	return of
}()
