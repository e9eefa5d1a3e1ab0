package sync

import (
	"fmt"
	"strings"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/bench/page"
)

// Page is the name of the page of these benchmarks.
const Page = "benchmarks-sync"

// WritePage puts the results into the page of a folder, beside the data.
func (r Results) WritePage(dir string) error { return page.Write(dir, Page, r.Markdown(), r) }

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
