package view

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Style is how a piece of text is shown on a terminal: the parameter of an SGR escape sequence (ECMA-48, 8.3.117).
type Style string

// The styles.
const (
	Plain   Style = ""
	Bold    Style = "1"
	Dim     Style = "2"
	Red     Style = "31"
	Green   Style = "32"
	Yellow  Style = "33"
	Magenta Style = "35"
)

// Cell is a piece of text in one style.
type Cell struct {
	Text  string
	Style Style
}

// In makes a cell.
func (s Style) In(text string) Cell { return Cell{harmless(text), s} }

// harmless keeps a text on one line and replaces control and direction-changing characters. Errors that were joined have lines; subjects, names and reasons come from whoever could push a commit, and a terminal obeys
// escape sequences.
func harmless(s string) string {
	s = strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "; ")
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Text collects the human form of a document.
type Text struct {
	b     bytes.Buffer
	color bool
}

// Linef writes one plain line.
func (t *Text) Linef(format string, args ...any) { t.Line(Plain.In(fmt.Sprintf(format, args...))) }

// Line writes cells, as they are, as one line.
func (t *Text) Line(cells ...Cell) {
	for _, c := range cells {
		t.cell(c, 0)
	}
	t.end()
}

// Table writes rows with aligned columns. Two blanks stand between columns and none at the end of a line; a column in which no row
// has anything is left out.
func (t *Text) Table(indent string, rows [][]Cell) {
	widths := columns(rows)
	for _, row := range rows {
		gap := indent
		for i, c := range row {
			if widths[i] > 0 {
				t.b.WriteString(gap)
				t.cell(c, widths[i])
				gap = "  "
			}
		}
		t.end()
	}
}

func columns(rows [][]Cell) []int {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.Text))
		}
	}
	return widths
}

func (t *Text) cell(c Cell, width int) {
	pad := strings.Repeat(" ", max(0, width-utf8.RuneCountInString(c.Text)))
	if t.color && c.Style != Plain && c.Text != "" {
		fmt.Fprintf(&t.b, "\x1b[%sm%s\x1b[0m%s", c.Style, c.Text, pad)
		return
	}
	t.b.WriteString(c.Text + pad)
}

func (t *Text) end() {
	b := bytes.TrimRight(t.b.Bytes(), " ")
	t.b.Truncate(len(b))
	t.b.WriteByte('\n')
}

// cells are plain cells.
func cells(texts ...string) []Cell {
	out := make([]Cell, len(texts))
	for i, s := range texts {
		out[i] = Plain.In(s)
	}
	return out
}

// titles are the cells of a table's first line.
func titles(texts ...string) []Cell {
	out := cells(texts...)
	for i := range out {
		out[i].Style = Bold
	}
	return out
}
