package spec

import (
	"net/netip"
	"time"
)

// VRRPState is the state of an instance, in the words of operators: RFC 9568 calls master Active.
type VRRPState string

// The states. Fault is keepalived's: a tracker, the interface or the address of the instance is missing.
const (
	VRRPInitialize VRRPState = "initialize"
	VRRPBackup     VRRPState = "backup"
	VRRPMaster     VRRPState = "master"
	VRRPFault      VRRPState = "fault"
)

// Role is the part a sync daemon has in this state.
func (s VRRPState) Role() Role {
	switch s {
	case VRRPMaster:
		return RoleMaster
	case VRRPBackup, VRRPFault:
		return RoleBackup
	}
	return RoleUnknown
}

// VRRPStatus is what the engine tells of itself.
type VRRPStatus struct {
	Version    int              `json:"version"`   // DocumentVersion
	Program    string           `json:"program"`   // version of the running engine
	Started    time.Time        `json:"started"`   // of this process
	Scheduler  string           `json:"scheduler"` // "rr 1, loop 2", or "other: WHY"
	Serial     uint64           `json:"serial"`    // of the newest event
	EventsLost uint64           `json:"events_lost"`
	Instances  []InstanceStatus `json:"instances"`
	Trackers   []TrackerStatus  `json:"trackers,omitempty"`
	Problems   []string         `json:"problems,omitempty"` // what the engine could not do, and still tries
}

// InstanceStatus is one instance, as the engine sees it.
type InstanceStatus struct {
	Name        InstanceKey   `json:"name"`
	State       VRRPState     `json:"state"`
	Interface   string        `json:"interface"`
	RouterID    uint8         `json:"virtual_router_id"`
	Priority    uint8         `json:"priority"`
	Effective   uint8         `json:"effective_priority"`
	Interval    time.Duration `json:"advert_interval"`
	Learned     time.Duration `json:"master_interval,omitempty"` // advertised by the master; while backup
	Master      netip.Addr    `json:"master,omitzero"`           // source of its advertisements; zero while nobody was heard
	MasterPrio  uint8         `json:"master_priority,omitempty"`
	Since       time.Time     `json:"since"` // of the last transition
	Why         string        `json:"why"`   // of the last transition
	Transitions uint64        `json:"transitions"`
	Addresses   int           `json:"addresses"`         // wanted
	Held        int           `json:"held"`              // on the interface, put there by the engine
	Foreign     []netip.Addr  `json:"foreign,omitempty"` // virtual addresses that somebody else put there; left alone
	Speakers    []Speaker     `json:"speakers,omitempty"`
	Counters    VRRPCounters  `json:"counters"`
}

// Speaker is somebody who advertises one of our virtual router ids. The engine lists who is none of the peers of a unicast instance, and
// everybody who is heard for a multicast one; an agent's status lists those who cannot be directors of the cluster.
type Speaker struct {
	Addr     netip.Addr `json:"address"`
	Priority uint8      `json:"priority"`
	Last     time.Time  `json:"last"`
	Count    uint64     `json:"count"`
}

// VRRPCounters are those of one instance since the engine began.
type VRRPCounters struct {
	Sent          uint64            `json:"adverts_sent"`
	Received      uint64            `json:"adverts_received"`
	PriorityZero  uint64            `json:"priority_zero_received"`
	PlainSum      uint64            `json:"checksum_rfc9568,omitempty"`
	PseudoSum     uint64            `json:"checksum_pseudo_header,omitempty"`
	BecameMaster  uint64            `json:"became_master"`
	SendErrors    uint64            `json:"send_errors,omitempty"`
	Dropped       map[string]uint64 `json:"dropped,omitempty"` // by reason
	IntervalDiff  uint64            `json:"interval_differs,omitempty"`
	AddressesDiff uint64            `json:"addresses_differ,omitempty"`
}

// TrackerStatus is what a tracker says.
type TrackerStatus struct {
	Key   string    `json:"tracker"`
	Good  bool      `json:"good"`
	Known bool      `json:"known"` // false: no verdict yet, which counts as good
	Since time.Time `json:"since,omitzero"`
}

// VRRPEvent is one thing that happened to an instance. Serials rise by one without a gap, also over a restart of the engine in place.
type VRRPEvent struct {
	Serial    uint64      `json:"serial"`
	Time      time.Time   `json:"time"`
	Instance  InstanceKey `json:"instance"`
	From      VRRPState   `json:"from"`
	To        VRRPState   `json:"to"` // equal to From: a conflict was won, and the master stays
	Priority  uint8       `json:"priority"`
	Why       string      `json:"why"`
	SyncGroup string      `json:"sync_group,omitempty"`
}

// VRRPEvents are events in order, and how many before the first of them were lost because nobody fetched them in time.
type VRRPEvents struct {
	Events []VRRPEvent `json:"events"`
	Lost   uint64      `json:"lost,omitempty"`
}
