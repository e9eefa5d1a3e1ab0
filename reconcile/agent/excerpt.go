package agent

import (
	"io/fs"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// longestLine is how much is kept of a source line, in bytes.
const longestLine = 200

// excerpts adds to findings the lines that they are about, so that who reads them later needs no checkout.
func excerpts(tree fs.FS, all []spec.Diagnostic) {
	texts := map[string][]byte{}
	for i := range all {
		all[i].Line = lineAt(tree, texts, all[i].Pos)
		all[i].RuleLine = lineAt(tree, texts, all[i].RulePos)
	}
}

// lineAt is the line of a place; "" where it cannot be read.
func lineAt(tree fs.FS, texts map[string][]byte, at spec.Pos) string {
	if at.Line == 0 {
		return ""
	}
	text, known := texts[at.File]
	if !known {
		text, _ = fs.ReadFile(tree, at.File) // a line that cannot be shown is left out
		texts[at.File] = text
	}
	line, _, _ := spec.Line(text, int(at.Line))
	out := strings.TrimSpace(strings.ToValidUTF8(line[:min(len(line), longestLine)], ""))
	if len(line) > longestLine {
		out += " …"
	}
	return out
}
