package spec

import "time"

// Stats are the counters of the live services and real servers, and the sync daemons that run.
type Stats struct {
	Version  int                `json:"version"` // DocumentVersion
	Taken    time.Time          `json:"taken"`
	Services []ServiceStats     `json:"services"`
	Dests    []DestStats        `json:"real_servers"`
	Daemons  Rows[Role, Daemon] `json:"sync_daemons,omitempty"` // read when all services are asked for
}

// ServiceStats are the counters of one service.
type ServiceStats struct {
	Key ServiceKey `json:"key"`
	Counters
}

// DestStats are the counters of one real server, its weight, and the connections it has now.
type DestStats struct {
	Key        DestKey `json:"key"`
	Weight     int32   `json:"weight"` // live
	Active     uint32  `json:"active_connections"`
	Inactive   uint32  `json:"inactive_connections"`
	Persistent uint32  `json:"persistent_connections"`
	Counters
}

// Counters count since the object was added; the rates are the kernel's own estimates (net/netfilter/ipvs/ip_vs_est.c), per second.
type Counters struct {
	Connections uint64 `json:"connections"`
	InPackets   uint64 `json:"in_packets"`
	OutPackets  uint64 `json:"out_packets"`
	InBytes     uint64 `json:"in_bytes"`
	OutBytes    uint64 `json:"out_bytes"`

	ConnectionRate uint64 `json:"connection_rate"`
	InPacketRate   uint64 `json:"in_packet_rate"`
	OutPacketRate  uint64 `json:"out_packet_rate"`
	InByteRate     uint64 `json:"in_byte_rate"`
	OutByteRate    uint64 `json:"out_byte_rate"`
}

// Snapshot is the live state of a director with what is needed to diff against it elsewhere: what was applied last, and which
// objects are lbsync's.
type Snapshot struct {
	Version  int       `json:"version"` // DocumentVersion
	Director string    `json:"director"`
	Taken    time.Time `json:"taken"`
	Applied  *Commit   `json:"applied,omitempty"` // nil: no commit was ever applied
	Owned    []byte    `json:"owned,omitempty"`   // the encoded set of keys that lbsync has applied
	Live     State     `json:"live"`
	Prior    *State    `json:"prior,omitempty"` // what the applied commit wanted

	Bridged   bool            `json:"bridged,omitempty"`   // a syncid is changed over the bridge through 0
	Roles     map[string]Role `json:"roles,omitempty"`     // by vrrp_instance, as far as they are known
	Overrides []Override      `json:"overrides,omitempty"` // of this director and of the others, those that are not over
	Facts     *HostFacts      `json:"facts,omitempty"`     // what policies judge by; nil: not known

	Pools      []ServicePool       `json:"pools,omitempty"`      // what checks ask of services, by key
	Drains     []Drain             `json:"drains,omitempty"`     // of this director, by key
	Paths      []Path              `json:"paths,omitempty"`      // what the private services are for
	Configured Rows[DestKey, Dest] `json:"configured,omitempty"` // the real servers that Prior has otherwise than git, or not at all, as git has them
}
