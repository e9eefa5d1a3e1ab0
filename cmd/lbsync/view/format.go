package view

import (
	"bytes"
	"fmt"
	"strings"
)

// Format are the files that `lbsync fmt` found not to be in the one form.
type Format struct {
	Head
	Written bool     `json:"written"` // they were rewritten
	Files   []string `json:"files"`
	Diffs   []string `json:"diffs,omitempty"` // one for each file
}

// NewFormat makes the document.
func NewFormat(written bool, files, diffs []string) Format {
	if files == nil {
		files = []string{}
	}
	return Format{head("format"), written, files, diffs}
}

// Text names the files, or shows what would change in them.
func (f Format) Text(t *Text) {
	for i, name := range f.Files {
		if f.Diffs == nil {
			t.Linef("%s", name)
			continue
		}
		for line := range strings.Lines(f.Diffs[i]) {
			t.Line(diffStyle(line).In(strings.ReplaceAll(strings.TrimSuffix(line, "\n"), "\t", "    ")))
		}
	}
}

func diffStyle(line string) Style {
	switch {
	case strings.HasPrefix(line, "+"):
		return Green
	case strings.HasPrefix(line, "-"):
		return Red
	}
	return Plain
}

// LineDiff is what formatting does to a file. Formatting only moves blanks, so lines are compared in pairs.
func LineDiff(name string, before, after []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s (formatted)\n", name, name)
	old, now := bytes.Split(before, []byte("\n")), bytes.Split(after, []byte("\n"))
	for i := range max(len(old), len(now)) {
		o, n := lineAt(old, i), lineAt(now, i)
		if bytes.Equal(o, n) && (i < len(old)) == (i < len(now)) {
			continue
		}
		fmt.Fprintf(&b, "@@ line %d\n", i+1)
		if i < len(old) {
			fmt.Fprintf(&b, "-%s\n", o)
		}
		if i < len(now) {
			fmt.Fprintf(&b, "+%s\n", n)
		}
	}
	return b.String()
}

func lineAt(lines [][]byte, i int) []byte {
	if i >= len(lines) {
		return nil
	}
	return lines[i]
}
