package sync

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The files of the page, and the lines between which Markdown stands in the first.
const (
	pageFile = "benchmarks-sync.md"
	dataFile = "benchmarks-sync.json"

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

// Markdown is the results as a table, a row a run.
func (r Results) Markdown() string {
	var b strings.Builder
	m := r.Machine
	where := "Linux " + m.Kernel
	if m.Emulated() {
		where = fmt.Sprintf("Linux %s on %d emulated processors", m.Kernel, m.Processors)
	}
	fmt.Fprintf(&b, "Counted by `%s` on %d × %s, %s, IPVS in %s, load average before %s; %s, %s. %d connections before each change; seed %d.\n\n",
		r.Command, m.Cores, m.Processor, m.System, where, m.Load, m.Lbsync, m.Go, r.Connections, r.Seed)
	b.WriteString("| change | failover | lost of all | before: active | idle | young | during: active | idle | young | refused | held by the backup | change took |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, run := range r.Runs {
		s := run.sum()
		cells := []string{run.Case, string(run.Failover), lost(s)}
		for _, g := range run.Groups {
			cells = append(cells, lost(g))
		}
		cells = append(cells, fmt.Sprint(s.Refused), fmt.Sprintf("%d of %d", s.Held, s.Opened), run.Changing.Round(100*time.Millisecond).String())
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	for _, run := range r.Runs {
		if run.LostEarlier > 0 {
			fmt.Fprintf(&b, "\n%s, %s: %d of the lost were lost before the failover, while it changed.\n", run.Case, run.Failover, run.LostEarlier)
		}
		for _, n := range run.Notes {
			fmt.Fprintf(&b, "\n%s, %s: %s.\n", run.Case, run.Failover, n)
		}
	}
	return b.String()
}

// lost is bold where something is.
func lost(o Outcome) string {
	if o.Lost == 0 {
		return fmt.Sprintf("0 of %d", o.Opened)
	}
	return fmt.Sprintf("**%d** of %d", o.Lost, o.Opened)
}
