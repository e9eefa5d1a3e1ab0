package sync

import (
	"fmt"
	"net/netip"
	"strings"
)

// What the topology is made of. Each run has a source address of its own: what a run before left in a director's table is no
// connection of it.
const (
	sources = 60 // addresses of the client
	virtual = "192.0.2.100"
	port    = 6379
)

var (
	directors   = []string{"lb1", "lb2"}
	realServers = []string{"rs1", "rs2", "rs3"}
	network     = networkText()
)

func source(run int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(130 + run)}) }

func networkText() string {
	var b strings.Builder
	b.WriteString("segment eth0\nsegment eth1\n")
	var addresses []string
	for i := range sources {
		addresses = append(addresses, source(i).String()+"/24")
	}
	fmt.Fprintf(&b, "node client eth0=%s\n", strings.Join(addresses, ","))
	for i, name := range directors {
		fmt.Fprintf(&b, "node %s eth0=192.0.2.%d/24 eth1=198.51.100.%d/24\n", name, 11+i, 11+i)
	}
	for i, name := range realServers {
		fmt.Fprintf(&b, "node %s eth0=192.0.2.%d/24 lo=%s/32 sysctl net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2\n", name, 21+i, virtual)
	}
	return b.String()
}
