package spec

import (
	"net/netip"
	"time"
)

// HostFacts are what one director knows of its host and hears on the wire, and what no reader of the fleet can know: policies judge a
// commit by them on the director, and in CI those that `lbsync snapshot` exported. What is nil is not known; what is empty is known to be
// nothing.
type HostFacts struct {
	Taken     time.Time           `json:"taken"`
	Ports     map[string]PortFact `json:"ports,omitzero"`     // by interface: all that the host has
	Roles     map[string]Role     `json:"roles,omitzero"`     // by vrrp_instance
	Speakers  []SpeakerFact       `json:"speakers,omitzero"`  // strangers who advertise a virtual router id of this director
	Strangers []SyncSpeaker       `json:"strangers,omitzero"` // sync masters that are heard and belong to no director of the cluster
}

// PortFact is an interface of the host.
type PortFact struct {
	Up       bool           `json:"up"`                 // set up; whether it has a carrier changes too often to judge by
	Prefixes []netip.Prefix `json:"prefixes,omitempty"` // its addresses, with the length of their network; without those that VRRP put there
}

// SpeakerFact is a stranger who advertises the virtual router id that an instance has on an interface.
type SpeakerFact struct {
	Instance  InstanceKey `json:"instance"`
	Interface string      `json:"interface"`
	RouterID  uint8       `json:"virtual_router_id"`
	Speaker
}

// Has says whether the host has an address; also one of an interface that is down.
func (f HostFacts) Has(a netip.Addr) bool {
	for _, p := range f.Ports {
		if p.has(func(o netip.Addr) bool { return o == a }) {
			return true
		}
	}
	return false
}

// HasFamily says whether the interface has an address of a family.
func (p PortFact) HasFamily(f Family) bool {
	return p.has(func(a netip.Addr) bool { return FamilyOf(a) == f })
}

func (p PortFact) has(fits func(netip.Addr) bool) bool {
	for _, x := range p.Prefixes {
		if fits(x.Addr()) {
			return true
		}
	}
	return false
}
