package syncing

import (
	"fmt"
	"time"
)

// ReadBudget is how long the reading of a table may be predicted to take: it holds a CPU of a director that is MASTER. Above it nothing
// is read. A reading that takes more than twice the budget all the same is ended.
const ReadBudget = 30 * time.Second

// What reading /proc/net/ip_vs_conn costs, as measured in the lab on Linux 6.1 with an emulated CPU (docs/connection-sync.md has the
// figures and the command). The kernel fills a page at each read (fs/seq_file.c), and before 6.14 it walks there from the table's start.
// perLine is for making a line and handing it over, from a table of 5,000. perVisit is for passing a connection on the walk, from tables
// of 50,000 and 100,000; in one of 20,000, which fits a cache, it is a third of this.
const (
	page     = 4096
	line4    = 66  // bytes, of IPv4
	line6    = 158 // of IPv6
	perLine  = 14 * time.Microsecond
	perVisit = 350 * time.Nanosecond
)

// linear is the first release whose table reads go on where the last ended (commit 178883fd039d, net/netfilter/ipvs/ip_vs_conn.c).
var linear = [2]int{6, 14}

// walks says whether each read walks from the table's start. A release that cannot be read counts as an old one.
func walks(release string) bool {
	var major, minor int
	_, err := fmt.Sscanf(release, "%d.%d", &major, &minor)
	return err != nil || major < linear[0] || major == linear[0] && minor < linear[1]
}

// ReadCost predicts how long a table of so many connections of IPv4 and of IPv6 takes to read on a kernel of the release, such as
// "6.1.0-28-amd64".
func ReadCost(v4, v6 int, release string) time.Duration {
	n := float64(v4) + float64(v6)
	cost := n * float64(perLine)
	if walks(release) {
		reads := (float64(v4)*line4 + float64(v6)*line6) / page
		cost += reads * n / 2 * float64(perVisit) // on average a walk ends in the middle
	}
	return time.Duration(cost)
}
