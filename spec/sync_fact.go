package spec

import (
	"net/netip"
	"time"
)

// SyncSpeaker is somebody who sends connection-sync messages. The protocol has no authentication: this is what the header says.
type SyncSpeaker struct {
	Addr      netip.Addr `json:"address"`
	Interface string     `json:"interface"`
	Group     netip.Addr `json:"group"`
	Port      uint16     `json:"port"`
	SyncID    uint8      `json:"syncid"`
	First     time.Time  `json:"first"`
	Last      time.Time  `json:"last"`
	Count     uint64     `json:"messages"`
}

// ConnSample is a part of a connection table that two directors choose alike: the connections whose hash has the lowest Bits bits zero.
type ConnSample struct {
	Version int       `json:"version"` // DocumentVersion
	Taken   time.Time `json:"taken"`
	Total   int       `json:"total"` // connections of the kinds that are synchronised
	Bits    uint8     `json:"bits"`  // 0: all of them
	Hashes  []uint64  `json:"hashes"`
}

// Resynced is what a full resync sent.
type Resynced struct {
	Connections int           `json:"connections"`
	Skipped     int           `json:"skipped,omitempty"` // of kinds that are not synchronised, and of virtual addresses that another director has
	Messages    int           `json:"messages"`
	Took        time.Duration `json:"took"`              // nanoseconds
	Busy        time.Duration `json:"busy"`              // processor time of the reading, and the time that the messages have at their pace
	At          time.Time     `json:"at,omitzero"`       // when it ended
	Partial     string        `json:"partial,omitempty"` // why not all of the table was sent
	Sample      ConnSample    `json:"-"`                 // of what was read to be sent
}

// Routine is the full resync that a master makes from time to time.
type Routine struct {
	Next time.Time `json:"next,omitzero"` // no sooner; zero: never, as things are
	Off  string    `json:"off,omitempty"` // why there is none; at Next it is looked at again
}
