package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lbsync/lbsync/cmd/lblab/bench/page"
)

// Page is the name of the page of these benchmarks, and of the plot in it.
const (
	Page     = "benchmarks"
	plotFile = Page + ".svg"
)

// WritePage puts the results into the page of a folder, beside the plot and the data.
func (r Results) WritePage(dir string) error {
	if err := page.Write(dir, Page, r.Markdown(), r); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, plotFile), []byte(r.Plot()), 0o644); err != nil {
		return fmt.Errorf("write benchmarks: %w", err)
	}
	return nil
}

// Markdown is the results as tables. A cell is the median, with the fastest and the slowest round.
func (r Results) Markdown() string {
	var b strings.Builder
	b.WriteString(r.machineText())
	page.Table(&b, "Figures", "work | asked | measured |  ", figureRows(r.figures()))
	page.Table(&b, "Start to everything programmed in an empty kernel",
		"services × real servers | keepalived | lbsync, cold | | lbsync, last known good |  ", startRows(r.Starts))
	fmt.Fprintf(&b, "![Time from start to everything programmed, against the number of services](%s)\n\n", plotFile)
	page.Table(&b, "One weight changed",
		"fleet | keepalived, from SIGHUP | lbsync, from the fetched commit | | with the fetch | first change after a restart | with the fetch", changeRows(r.Change))
	page.Table(&b, "Nothing to do, "+r.Idle.Rules.size(), "what | time", [][]string{
		{"carrying out the plan for an empty kernel", cell(r.Idle.Apply)},
		{"fast read and plan", cell(r.Idle.Fast)},
		{"full read and plan", cell(r.Idle.Full)},
	})
	b.WriteString(r.agentText())
	return b.String()
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
