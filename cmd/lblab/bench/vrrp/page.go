package vrrp

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The files of the page, and the lines between which Markdown stands in the first.
const (
	pageFile = "benchmarks-vrrp.md"
	dataFile = "benchmarks-vrrp.json"

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
	text, err := splice(dir, r.Markdown())
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the results: %w", err)
	}
	for name, content := range map[string]string{pageFile: text, dataFile: string(data) + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return fmt.Errorf("write benchmarks: %w", err)
		}
	}
	return nil
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

// Markdown is the results as tables.
func (r Results) Markdown() string {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "Measured by `%s` on %d × %s, %s, Linux %s, load average before %s; %s, %s, %s.\n\n", r.Command, m.Cores, m.Processor, m.System, m.HostKernel, m.Load, m.Lbsync, m.Keepalived, m.Go)
	var rows [][]string
	for _, f := range r.Figures() {
		rows = append(rows, []string{f.Work, f.Asked, f.Measured, Verdict(f.Reached)})
	}
	table(&b, "Figures", "work | asked | measured |  ", rows)
	table(&b, "Switching", "adverts every | system | failover | detected late by | all announced after | handover late by", r.switchRows())
	table(&b, "Jitter", "load | adverts every | system | p50 | p99 | p99.9 | longest | intervals | too long | left out", r.jitterRows())
	table(&b, "Cost", "system | instances | adverts | sending, of a core | receiving, of a core | memory of sender | of receiver", r.costRows())
	table(&b, "All processors busy", "system | load | lasted | transitions | longest time without an advert | stalls of the machine beyond an interval", r.steadyRows())
	return b.String()
}

func table(b *strings.Builder, title, head string, rows [][]string) {
	fmt.Fprintf(b, "## %s\n\n| %s |\n|%s\n", title, head, strings.Repeat("---|", strings.Count(head, "|")+1))
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
	b.WriteByte('\n')
}

func (r Results) switchRows() (rows [][]string) {
	for _, s := range r.Switches {
		rows = append(rows, []string{s.Case.String(), string(s.System), spread(s.Failover), spread(s.Late), spread(s.All), spread(s.Handover)})
	}
	return rows
}

func (r Results) jitterRows() (rows [][]string) {
	for _, j := range r.Jitter {
		rows = append(rows, []string{j.Load, j.Interval.String(), string(j.System), short(j.P50), short(j.P99), short(j.P999), short(j.Max),
			fmt.Sprint(j.Seen), fmt.Sprint(j.Skipped), fmt.Sprint(j.Stalled)})
	}
	return rows
}

func (r Results) costRows() (rows [][]string) {
	for _, c := range r.Costs {
		rows = append(rows, []string{string(c.System), fmt.Sprint(c.Instances), fmt.Sprint(c.Adverts), fmt.Sprintf("%.1f %%", 100*c.Share(c.Sending)),
			fmt.Sprintf("%.1f %%", 100*c.Share(c.Receiving)), megabytes(c.Sender), megabytes(c.Receiver)})
	}
	for _, s := range r.Single {
		rows = append(rows, []string{string(s.System), "1", "", "", "", megabytes(s.Resident), ""})
	}
	return rows
}

func (r Results) steadyRows() (rows [][]string) {
	for _, s := range r.Steady {
		rows = append(rows, []string{string(s.System), s.Load, s.Lasted.String(), fmt.Sprint(s.Transitions), short(s.Longest), fmt.Sprint(s.Stalls)})
	}
	return rows
}
