// Package page writes results of benchmarks into the documentation: tables between two markers of a page, and the data beside it.
package page

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The lines between which the results stand.
const (
	Begin = "<!-- make bench writes what follows -->"
	End   = "<!-- make bench wrote what is above -->"
)

// Check looks for a page, NAME.md, and its markers, before minutes are spent on measuring.
func Check(dir, name string) error {
	_, err := splice(dir, name, "")
	return err
}

// Write puts results into the page NAME.md of a folder, and the data into NAME.json beside it.
func Write(dir, name, markdown string, data any) error {
	text, err := splice(dir, name, markdown)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, name+".md"), []byte(text), 0o644), WriteJSON(filepath.Join(dir, name+".json"), data))
}

func splice(dir, name, markdown string) (string, error) {
	file := filepath.Join(dir, name+".md")
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the page of benchmarks: %w; --output names its folder", err)
	}
	head, rest, ok := strings.Cut(string(text), Begin+"\n")
	_, tail, ok2 := strings.Cut(rest, End)
	if !ok || !ok2 {
		return "", fmt.Errorf("%s: write the lines %q and %q where the results belong", file, Begin, End)
	}
	return head + Begin + "\n\n" + markdown + "\n" + End + tail, nil
}

// Table writes a chapter with a table; head has its columns with | between them.
func Table(b *strings.Builder, title, head string, rows [][]string) {
	fmt.Fprintf(b, "## %s\n\n| %s |\n|%s\n", title, head, strings.Repeat("---|", strings.Count(head, "|")+1))
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
	b.WriteByte('\n')
}

// Verdict says whether a figure was reached, in Markdown.
func Verdict(reached bool) string {
	if reached {
		return "reached"
	}
	return "**missed**"
}
