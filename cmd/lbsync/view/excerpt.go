package view

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"

	"github.com/hashicorp/hcl/v2/hcled"
	"github.com/lbsync/lbsync/spec"
)

// diagnose writes one finding in a box: what is wrong, where, the line with its range underlined, and what to do.
func diagnose(t *Text, d *hcl.Diagnostic, files map[string]*hcl.File, width int) {
	style, word := Red, "Error: "
	if d.Severity == hcl.DiagWarning {
		style, word = Yellow, "Warning: "
	}
	box := func(cells ...Cell) { t.Line(append([]Cell{style.In("│ ")}, cells...)...) }
	t.Line(style.In("╷"))
	box(style.In(word), Bold.In(d.Summary))
	if d.Subject != nil {
		box()
		excerpt(box, *d.Subject, files[d.Subject.Filename], style)
	}
	if d.Detail != "" {
		box()
		for _, line := range wrap(d.Detail, width-2) {
			box(Plain.In(line))
		}
	}
	rule(box, d, files, width)
	t.Line(style.In("╵"))
}

// rule writes which policy is broken: what a built-in one asks for, or where one of the fleet stands.
func rule(box func(...Cell), d *hcl.Diagnostic, files map[string]*hcl.File, width int) {
	b, ok := spec.BrokenBy(d)
	if !ok {
		return
	}
	box()
	if b.At != (spec.Pos{}) {
		box(Plain.In(fmt.Sprintf("Rule %s, level %s:", b.Rule, b.Level)))
		excerpt(box, b.At.Range(), files[b.At.File], Dim)
		return
	}
	for _, line := range wrap(fmt.Sprintf("Rule %s, level %s: %s", b.Rule, b.Level, b.Meaning), width-2) {
		box(Dim.In(line))
	}
}

// excerpt writes the first line of a range. A file that could not be read has no excerpt, only its name.
func excerpt(box func(...Cell), r hcl.Range, f *hcl.File, style Style) {
	where := fmt.Sprintf("  on %s line %d", r.Filename, r.Start.Line)
	line, start, ok := sourceLine(f, r.Start.Line)
	if !ok {
		box(Plain.In(where))
		return
	}
	if in := hcled.ContextString(f, start+max(0, r.Start.Column-1)); in != "" {
		where += ", in " + in
	}
	box(Plain.In(where + ":"))
	line, r = clip(line, r)
	number := fmt.Sprintf("  %4d: ", r.Start.Line)
	box(Dim.In(number), Plain.In(strings.ReplaceAll(line, "\t", "    ")))
	before, marks := underline(line, r)
	box(Plain.In(strings.Repeat(" ", len(number)+before)), style.In(marks))
}

// sourceLine is a line of a file and its offset in bytes.
func sourceLine(f *hcl.File, number int) (line string, start int, ok bool) {
	if f == nil {
		return "", 0, false
	}
	return spec.Line(f.Bytes, number)
}

// maxLine is how much is shown of a source line, in characters: a line may be as long as its file.
const maxLine = 160

// clip cuts a line down to what stands around a range, with an ellipsis where something is missing.
func clip(line string, r hcl.Range) (string, hcl.Range) {
	runes := []rune(line)
	if len(runes) <= maxLine {
		return line, r
	}
	from := min(max(0, r.Start.Column-1-maxLine/4), len(runes)-maxLine)
	shown := runes[from : from+maxLine]
	if from > 0 {
		shown[0] = '…'
	}
	if from+maxLine < len(runes) {
		shown[maxLine-1] = '…'
	}
	r.Start.Column -= from
	r.End.Column -= from
	return string(shown), r
}

// underline counts the blanks before a range and its marks. Tabs are shown as four blanks; columns count from 1.
func underline(line string, r hcl.Range) (blanks int, marks string) {
	runes := []rune(line)
	from := min(max(0, r.Start.Column-1), len(runes))
	to := len(runes)
	if r.End.Line == r.Start.Line {
		to = min(max(from, r.End.Column-1), len(runes))
	}
	wide := func(s []rune) int { return utf8.RuneCountInString(strings.ReplaceAll(string(s), "\t", "    ")) }
	return wide(runes[:from]), strings.Repeat("^", max(1, wide(runes[from:to])))
}

// wrap breaks text at blanks. Lines that the author broke stay broken.
func wrap(s string, width int) []string {
	var out []string
	for para := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
		line := ""
		for word := range strings.FieldsSeq(para) {
			if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
				out, line = append(out, line), ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		out = append(out, line)
	}
	return out
}
