package health

import (
	"fmt"
	"strings"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/bench/page"
)

// Page is the name of the page of these benchmarks.
const Page = "benchmarks-health"

// WritePage puts the results into the page of a folder, beside the data.
func (r Results) WritePage(dir string) error { return page.Write(dir, Page, r.markdown(), r) }

func (r Results) markdown() string {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "Measured by `%s` on %d × %s, %s, Linux %s, load average before %s; %s, %s.\n\n", r.Command, m.Cores, m.Processor, m.System, m.HostKernel, m.Load, m.Lbsync, m.Go)
	var rows [][]string
	for _, f := range r.Figures() {
		rows = append(rows, []string{f.Work, f.Asked, f.Measured, page.Verdict(f.Reached)})
	}
	page.Table(&b, "Figures", "work | asked | measured |  ", rows)
	rows = nil
	for _, m := range r.Alone {
		rows = append(rows, m.row())
	}
	page.Table(&b, "Alone", "checks | of a core | of a probe | bare connection | memory, idle | with the checks | most in flight | began late, p99 | until the last verdict", rows)
	if len(r.Beside) == 0 {
		return b.String() + "Nothing was measured beside keepalived in this run.\n"
	}
	rows = nil
	for _, p := range r.Beside {
		rows = append(rows, append([]string{"lbsync"}, p.Ours.row()...), append([]string{"keepalived"}, p.Theirs.row()...))
	}
	page.Table(&b, fmt.Sprintf("Beside keepalived, Linux %s, %d processors, %s", m.Kernel, m.Processors, m.Keepalived),
		"system | checks | of a core | of a probe | bare connection | memory, idle | with the checks | most in flight | began late, p99 | until the last verdict", rows)
	return b.String()
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
