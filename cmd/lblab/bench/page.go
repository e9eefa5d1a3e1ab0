package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The files of a page, and the lines between which Markdown stands in the first.
const (
	pageFile = "benchmarks.md"
	plotFile = "benchmarks.svg"
	dataFile = "benchmarks.json"

	beginMark = "<!-- make bench writes what follows -->"
	endMark   = "<!-- make bench wrote what is above -->"
)

// CheckPage looks for the page and its markers, before minutes are spent on measuring.
func CheckPage(dir string) error {
	_, err := splicePage(dir, "")
	return err
}

// WritePage puts the results into the page of a folder, beside the plot and the data.
func (r Results) WritePage(dir string) error {
	text, err := splicePage(dir, r.Markdown())
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{pageFile: text, plotFile: []byte(r.Plot())} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return fmt.Errorf("write benchmarks: %w", err)
		}
	}
	return writeJSON(filepath.Join(dir, dataFile), r)
}

func splicePage(dir, markdown string) ([]byte, error) {
	file := filepath.Join(dir, pageFile)
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the page of benchmarks: %w; --output names its folder", err)
	}
	head, rest, ok := bytes.Cut(text, []byte(beginMark+"\n"))
	_, tail, ok2 := bytes.Cut(rest, []byte(endMark))
	if !ok || !ok2 {
		return nil, fmt.Errorf("%s: write the lines %q and %q where the results belong", file, beginMark, endMark)
	}
	return bytes.Join([][]byte{head, []byte(beginMark + "\n\n" + markdown + "\n" + endMark), tail}, nil), nil
}

// Markdown is the results as tables. A cell is the median, with the fastest and the slowest round.
func (r Results) Markdown() string {
	var b strings.Builder
	b.WriteString(r.machineText())
	table(&b, "Figures", "work | asked | measured |  ", figureRows(r.figures()))
	table(&b, "Start to everything programmed in an empty kernel",
		"services × real servers | keepalived | lbsync, cold | | lbsync, last known good |  ", startRows(r.Starts))
	fmt.Fprintf(&b, "![Time from start to everything programmed, against the number of services](%s)\n\n", plotFile)
	table(&b, "One weight changed",
		"fleet | keepalived, from SIGHUP | lbsync, from the fetched commit | | with the fetch | first change after a restart | with the fetch", changeRows(r.Change))
	table(&b, "Nothing to do, "+r.Idle.Rules.size(), "what | time", [][]string{
		{"carrying out the plan for an empty kernel", cell(r.Idle.Apply)},
		{"fast read and plan", cell(r.Idle.Fast)},
		{"full read and plan", cell(r.Idle.Full)},
	})
	b.WriteString(r.agentText())
	return b.String()
}

func table(b *strings.Builder, title, head string, rows [][]string) {
	columns := strings.Count(head, "|") + 1
	fmt.Fprintf(b, "## %s\n\n| %s |\n|%s\n", title, head, strings.Repeat("---|", columns))
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
	b.WriteByte('\n')
}

func figureRows(figures []Figure) (rows [][]string) {
	for _, f := range figures {
		rows = append(rows, []string{f.Work, f.Asked, f.Measured, verdict(f.Reached)})
	}
	return rows
}

func startRows(starts []Start) (rows [][]string) {
	for _, s := range starts {
		rows = append(rows, []string{s.Rules.size(), cell(s.Keepalived), cell(s.Cold), times(s.Keepalived, s.Cold), cell(s.LastGood), times(s.Keepalived, s.LastGood)})
	}
	return rows
}

func changeRows(changes []Change) (rows [][]string) {
	for _, c := range changes {
		rows = append(rows, []string{c.Rules.size() + ", " + blocks(c.Rules), cell(c.Reload), cell(c.Fetched), times(c.Reload, c.Fetched),
			cell(c.Outside), cell(c.RestartedFetched), cell(c.RestartedOutside)})
	}
	return rows
}

// cell is "17.3 s (16.9 s … 17.9 s)".
func cell(s Sample) string {
	return fmt.Sprintf("%s (%s … %s)", human(s.Median()), human(s.Min()), human(s.Max()))
}

// times is "4.21 ×", how often the median of ours goes into theirs.
func times(theirs, ours Sample) string { return digits(factor(theirs.Median(), ours.Median())) + " ×" }
