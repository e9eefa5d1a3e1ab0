package spec

import "time"

// CheckState is what a check says.
type CheckState uint8

// The states.
const (
	CheckUnknown CheckState = iota // no verdict yet
	CheckUp
	CheckDown
)

var checkStateNames = names[CheckState]{"state of a check", map[CheckState]string{CheckUnknown: "unknown", CheckUp: "up", CheckDown: "down"}}

func (s CheckState) String() string                { return checkStateNames.name(s) }
func (s CheckState) MarshalText() ([]byte, error)  { return []byte(s.String()), nil }
func (s *CheckState) UnmarshalText(b []byte) error { return checkStateNames.parse(s, b) }

// Verdict is what the last probes of a check came to.
type Verdict struct {
	Check  Check      `json:"check"`
	State  CheckState `json:"state"`
	Since  time.Time  `json:"since"`         // of the state
	Why    string     `json:"why,omitempty"` // the last failure, with its cause: "connect to 192.0.2.21:80: connection refused"; "" when there was none since it is up
	Weight int32      `json:"weight"`        // that the check asks for, as exec may; below 0: none
}

// FirstVerdict is the longest that a check takes from its beginning to its first verdict, on a host that is not late: one success makes
// it up at once, so that is Fall failures, each after its timeout.
func (c Check) FirstVerdict() time.Duration {
	between := max(c.FastInterval, c.Timeout) // of one that outlasts the interval, as exec may, the next probe waits for the end
	return c.Jitter + time.Duration(max(1, c.Fall)-1)*between + c.Timeout
}

// CheckStatus is a verdict and how its check fares.
type CheckStatus struct {
	Verdict
	Count   uint32        `json:"count"`             // successes or failures in a row, as the last probe was
	OK      bool          `json:"ok"`                // the last probe succeeded
	Last    time.Time     `json:"last,omitzero"`     // when the last probe ended; zero: none yet
	Took    time.Duration `json:"took"`              // how long it took
	Damped  uint32        `json:"damped,omitempty"`  // successes in a row that it takes now to come up, where it flapped; 0: Check.Rise
	Skipped uint64        `json:"skipped,omitempty"` // probes that were not made, or not counted: this host was late or lacked something
	Local   string        `json:"local,omitempty"`   // the last reason for that; "" for none

	RealServers []DestKey `json:"real_servers,omitempty"` // that have it, by key
}
