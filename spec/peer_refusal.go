package spec

import (
	"net/netip"
	"time"
)

// PeerRefusal is somebody who was not let in, or an answer of a director that was not taken, and how often for the same reason.
type PeerRefusal struct {
	Address  netip.Addr `json:"address,omitzero"`   // who came; nothing where a director was asked
	Director string     `json:"director,omitempty"` // who was asked
	Key      string     `json:"key,omitempty"`      // that it presented, "ed25519:BASE64"; "" if none
	Why      string     `json:"why"`
	First    time.Time  `json:"first"`
	Last     time.Time  `json:"last"`
	Count    uint64     `json:"count"`
}
