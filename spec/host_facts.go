package spec

import (
	"net/netip"
	"time"
)

// HostFacts are what one director knows of its host and hears on the wire, and what no reader of the fleet can know: policies judge a
// commit by them on the director, and in CI those that `lbsync snapshot` exported.
type HostFacts struct {
	Taken     time.Time            `json:"taken"`
	Ports     map[string]PortFact  `json:"ports,omitempty"`     // by interface; nil: not known
	Roles     map[string]Role      `json:"roles,omitempty"`     // by vrrp_instance
	Speakers  map[string][]Speaker `json:"speakers,omitempty"`  // by vrrp_instance: strangers who advertise its virtual router id
	Strangers []SyncSpeaker        `json:"strangers,omitempty"` // sync masters that are heard and belong to no director of the cluster
}

// PortFact is an interface of the host.
type PortFact struct {
	Up       bool           `json:"up"`
	Prefixes []netip.Prefix `json:"prefixes,omitempty"` // its addresses, with the length of their network
}
