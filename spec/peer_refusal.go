package spec

import (
	"net/netip"
	"time"
)

// RefusedFor is a kind of refusal, to count by.
type RefusedFor string

// The kinds.
const (
	RefusedUnknownKey RefusedFor = "unknown_key" // the fleet declares the key for nobody who may ask
	RefusedOldKey     RefusedFor = "old_key"     // it was declared since the agent started, and is not any more
	RefusedNoKey      RefusedFor = "no_key"      // it presents none
	RefusedHandshake  RefusedFor = "handshake"   // it speaks no TLS 1.3, breaks off, or is too slow
	RefusedTooMany    RefusedFor = "too_many"    // connections or requests
	RefusedTooLarge   RefusedFor = "too_large"   // a request, or the answer of a director that was asked
	RefusedRole       RefusedFor = "role"        // it may not do what it asked for
	RefusedOtherKey   RefusedFor = "other_key"   // a director that was asked has not the key that the fleet declares
	RefusedAnswer     RefusedFor = "answer"      // the answer of a director that was asked is not its own, or not of now
)

// RefusedForAll are all kinds.
var RefusedForAll = []RefusedFor{
	RefusedUnknownKey, RefusedOldKey, RefusedNoKey, RefusedHandshake, RefusedTooMany, RefusedTooLarge, RefusedRole, RefusedOtherKey, RefusedAnswer,
}

// PeerRefusal is somebody who was not let in, or whose question or answer was not taken, and how often for the same reason.
type PeerRefusal struct {
	For     RefusedFor `json:"for"`
	Who     string     `json:"who,omitempty"`    // "director lb2" or "operator ann", whose key it is or was, or who was asked; "" is a stranger
	Address netip.Addr `json:"address,omitzero"` // who came; nothing where a director was asked
	Key     string     `json:"key,omitempty"`    // that it presented, "ed25519:BASE64"; "" if none
	Why     string     `json:"why"`
	First   time.Time  `json:"first"`
	Last    time.Time  `json:"last"`
	Count   uint64     `json:"count"`
}

// ChannelStatus is how other directors and operators reach this one, and it them.
type ChannelStatus struct {
	Address  string                `json:"address,omitempty"`  // where they are answered; "" while they are not
	Key      *Problem              `json:"key,omitempty"`      // why the key that the fleet declares for this director cannot be presented
	Listener *Problem              `json:"listener,omitempty"` // why nobody can be answered
	Refused  []PeerRefusal         `json:"refused,omitempty"`  // the newest first; the table is bounded, Refusals has all
	Refusals map[RefusedFor]uint64 `json:"refusals,omitempty"` // how often since the agent started
}
