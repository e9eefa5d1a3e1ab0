package spec

import (
	"slices"
	"time"
)

// Cluster is the block `cluster "NAME"`: the directors that share addresses and connection sync.
type Cluster struct {
	Name           string
	Directors      []string
	Sync           *ConnectionSync // nil: connections are not synchronised
	Timeouts       []Timeout       // IPVS connection timeouts that are held
	Instances      []Placed[VRRPInstance]
	SyncGroups     []VRRPSyncGroup
	VirtualServers []Placed[VirtualServer]
	Place          Place
	At             Mark
}

// Has says whether a director belongs to the cluster.
func (c *Cluster) Has(director string) bool { return slices.Contains(c.Directors, director) }

// Timeout is one attribute of the block `ipvs_timeouts`.
type Timeout struct {
	Key   TimeoutKey
	Value time.Duration // whole seconds, 1 s to 86400 s
	At    Mark
}
