package health

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The files of the page, and the lines between which Markdown stands in the first.
const (
	pageFile = "benchmarks-health.md"
	dataFile = "benchmarks-health.json"

	beginMark = "<!-- make bench writes what follows -->\n"
	endMark   = "<!-- make bench wrote what is above -->"
)

// CheckPage looks for the page and its markers, before minutes are spent on measuring.
func CheckPage(dir string) error {
	_, err := splice(dir, "")
	return err
}

// WritePage puts the results into the page of a folder, beside the data.
func (r Results) WritePage(dir string) error {
	text, err := splice(dir, r.markdown())
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, pageFile), []byte(text), 0o644); err != nil {
		return fmt.Errorf("write benchmarks: %w", err)
	}
	return writeJSON(filepath.Join(dir, dataFile), r)
}

func splice(dir, markdown string) (string, error) {
	file := filepath.Join(dir, pageFile)
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the page of benchmarks: %w; --output names its folder", err)
	}
	head, rest, ok := strings.Cut(string(text), beginMark)
	_, tail, ok2 := strings.Cut(rest, endMark)
	if !ok || !ok2 {
		return "", fmt.Errorf("%s: write the lines %q and %q where the results belong", file, strings.TrimSpace(beginMark), endMark)
	}
	return head + beginMark + "\n" + markdown + "\n" + endMark + tail, nil
}

func (r Results) markdown() string {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "Measured by `%s` on %d × %s, %s, Linux %s, load average before %s; %s, %s.\n\n", r.Command, m.Cores, m.Processor, m.System, m.HostKernel, m.Load, m.Lbsync, m.Go)
	var rows [][]string
	for _, f := range r.Figures() {
		rows = append(rows, []string{f.Work, f.Asked, f.Measured, Verdict(f.Reached)})
	}
	table(&b, "Figures", "work | asked | measured |  ", rows)
	rows = nil
	for _, m := range r.Alone {
		rows = append(rows, m.row())
	}
	table(&b, "Alone", "checks | of a core | of a probe | bare connection | memory, idle | with the checks | most in flight | began late, p99 | until the last verdict", rows)
	if len(r.Beside) == 0 {
		return b.String() + "Nothing was measured beside keepalived in this run.\n"
	}
	rows = nil
	for _, p := range r.Beside {
		rows = append(rows, append([]string{"lbsync"}, p.Ours.row()...), append([]string{"keepalived"}, p.Theirs.row()...))
	}
	table(&b, fmt.Sprintf("Beside keepalived, Linux %s, %d processors, %s", m.Kernel, m.Processors, m.Keepalived),
		"system | checks | of a core | of a probe | bare connection | memory, idle | with the checks | most in flight | began late, p99 | until the last verdict", rows)
	return b.String()
}

func table(b *strings.Builder, title, head string, rows [][]string) {
	fmt.Fprintf(b, "## %s\n\n| %s |\n|%s\n", title, head, strings.Repeat("---|", strings.Count(head, "|")+1))
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
	b.WriteByte('\n')
}

// row is a case; what was not measured is empty.
func (m Measured) row() []string {
	row := []string{m.Case.String(), "", "", some(m.Bare, short), some(m.Idle, megabytes), some(m.Resident, megabytes), some(m.Flying, func(n int) string { return thousands(n) }), some(m.Late, func(d time.Duration) string { return "≤ " + short(d) }), some(m.Noticed, short)}
	if m.CPU > 0 && m.Probes > 0 {
		row[1], row[2] = fmt.Sprintf("%.2f", m.Share()), short(m.each())
	}
	return row
}

func some[T comparable](v T, text func(T) string) string {
	var none T
	if v == none {
		return ""
	}
	return text(v)
}

// short is a duration with three digits: "3.62 s", "45.1 ms".
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.3g ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.0f µs", float64(d)/1e3)
}

// megabytes are of 10^6 bytes.
func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// Verdict says whether a figure was reached, in Markdown.
func Verdict(reached bool) string {
	if reached {
		return "reached"
	}
	return "**missed**"
}
