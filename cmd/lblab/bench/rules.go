package bench

import (
	"fmt"
	"net/netip"
)

// Rules are what both systems are to program: services in clusters of equal size, each with as many real servers.
type Rules struct {
	Services    int `json:"services"`
	RealServers int `json:"real_servers"` // of each service
	Clusters    int `json:"clusters"`     // blocks of the fleet; keepalived has none
}

// clusterSize is how many services one cluster block has, unless all are in one.
const clusterSize = 40

// NewRules are services with ten real servers each, in clusters of 40.
func NewRules(services int) Rules {
	return Rules{Services: services, RealServers: 10, Clusters: (services + clusterSize - 1) / clusterSize}
}

// OneCluster are the same rules in one block.
func (r Rules) OneCluster() Rules {
	r.Clusters = 1
	return r
}

// String is "4000x10 in 100".
func (r Rules) String() string {
	return fmt.Sprintf("%dx%d in %d", r.Services, r.RealServers, r.Clusters)
}

// folder is where Prepare puts the rules.
func (r Rules) folder() string { return fmt.Sprintf("%dx%d-%d", r.Services, r.RealServers, r.Clusters) }

// port is that of all services and real servers.
const port = 80

// service is the address of service i, from 0. Addresses rise with i, so that every system ends with the last.
func (r Rules) service(i int) netip.Addr { return host(10, 0, i) }

// realServer is the address of real server j of service i. No two services share one.
func (r Rules) realServer(i, j int) netip.Addr { return host(10, 128, i*r.RealServers+j) }

// host spares the addresses that end in 0 and 255.
func host(a, b, n int) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(a), byte(b + n/62500), byte(n / 250 % 250), byte(n%250 + 1)})
}

// total is the number of real servers of all services.
func (r Rules) total() int { return r.Services * r.RealServers }

// Versions are the weights that one real server gets, commit by commit; every other has the first.
var versions = [...]int{1, 7, 9}

// edited is the real server whose weight is changed: one in the middle.
func (r Rules) edited() (service, real netip.Addr) {
	return r.service(r.Services / 2), r.realServer(r.Services/2, r.RealServers/2)
}

// weight is that of real server j of service i in a version.
func (r Rules) weight(i, j, version int) int {
	if i == r.Services/2 && j == r.RealServers/2 {
		return versions[version]
	}
	return versions[0]
}
