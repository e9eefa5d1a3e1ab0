package vrrp

import (
	"fmt"
	"strings"

	"github.com/lbsync/lbsync/cmd/lblab/bench/page"
)

// Page is the name of the page of these benchmarks.
const Page = "benchmarks-vrrp"

// WritePage puts the results into the page of a folder, beside the data.
func (r Results) WritePage(dir string) error { return page.Write(dir, Page, r.Markdown(), r) }

// Markdown is the results as tables.
func (r Results) Markdown() string {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "Measured by `%s` on %d × %s, %s, Linux %s, load average before %s; %s, %s, %s.\n\n", r.Command, m.Cores, m.Processor, m.System, m.HostKernel, m.Load, m.Lbsync, m.Keepalived, m.Go)
	var rows [][]string
	for _, f := range r.Figures() {
		rows = append(rows, []string{f.Work, f.Asked, f.Measured, page.Verdict(f.Reached)})
	}
	page.Table(&b, "Figures", "work | asked | measured |  ", rows)
	page.Table(&b, "Switching", "adverts every | system | failover | detected late by | all announced after | handover late by", r.switchRows())
	page.Table(&b, "Jitter", "load | adverts every | system | p50 | p99 | p99.9 | longest | intervals | too long | left out", r.jitterRows())
	page.Table(&b, "Cost", "system | instances | adverts | sending, of a core | receiving, of a core | memory of sender | of receiver", r.costRows())
	page.Table(&b, "All processors busy", "system | load | lasted | transitions | longest time without an advert | stalls of the machine beyond an interval", r.steadyRows())
	return b.String()
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
