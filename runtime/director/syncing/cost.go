package syncing

import (
	"fmt"
	"time"
)

// ReadBudget is how long a table may take to be read. Above it nothing is read: it would hold a CPU of a director that is MASTER.
const ReadBudget = 20 * time.Second

// What reading /proc/net/ip_vs_conn costs, as measured in the lab on Linux 6.1 (docs/connection-sync.md has the figures and the command):
// an emulated CPU, so that real ones are faster. perLine is for making a line, handing it over, reading and packing it; perVisit for
// passing a connection on the way to where the last read ended, which kernels before 6.14 do for each page of about linesPerRead lines.
const (
	perLine      = 10 * time.Microsecond
	perVisit     = 200 * time.Nanosecond
	linesPerRead = 50
)

// linear is the first release whose table reads go on where the last ended (commit 178883fd039d, net/netfilter/ipvs/ip_vs_conn.c).
var linear = [2]int{6, 14}

// ReadCost predicts how long a table of so many connections takes to read on a kernel of the release, such as "6.1.0-28-amd64". A release
// that cannot be read counts as an old one.
func ReadCost(connections int, release string) time.Duration {
	n := time.Duration(connections)
	cost := n * perLine
	var major, minor int
	if _, err := fmt.Sscanf(release, "%d.%d", &major, &minor); err != nil || major < linear[0] || major == linear[0] && minor < linear[1] {
		// Each of n/linesPerRead reads passes n/2 connections, on average. By parts, for the product of large tables overflows.
		cost += time.Duration(float64(n) * float64(n) / (2 * linesPerRead) * float64(perVisit))
	}
	return cost
}
