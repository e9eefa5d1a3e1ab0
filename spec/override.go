package spec

import (
	"fmt"
	"time"
)

// Override is a typed exception to what git says, made on the spot by an operator. It ends by itself.
type Override struct {
	Director string    `json:"director"` // where it was made; it holds on every director of the cluster
	Key      DestKey   `json:"real_server"`
	Weight   int32     `json:"weight"`
	Actor    Actor     `json:"actor"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
	Until    time.Time `json:"until"`
}

// OverrideStatus is an override and what it meets.
type OverrideStatus struct {
	Override
	Configured *int32 `json:"configured_weight,omitempty"` // what git says; nil: there is no such real server now
	Pos        Pos    `json:"pos,omitzero"`                // where git says it
}

// LongestOverride is the longest that an override may last: what is to stay belongs into git.
const LongestOverride = 7 * 24 * time.Hour

// MaxWeight is the highest weight of a real server.
const MaxWeight = 65535

// checkOverride says what is wrong with a request for one, or to end one, on its own.
func (c Command) checkOverride() error {
	set := c.Verb == OverrideSet
	switch {
	case !set && c.Verb != OverrideClear:
		if c.RealServer != "" || c.Weight != nil || c.All {
			return fmt.Errorf("%s: takes no real server and no weight", c.Verb)
		}
		return nil
	case (c.RealServer == "") != c.All:
		return fmt.Errorf("%s: name a real server%s", c.Verb, map[bool]string{true: "", false: ", or all"}[set])
	case set && c.All:
		return fmt.Errorf("%s: name one real server", c.Verb)
	case set && c.Weight == nil, !set && c.Weight != nil:
		return fmt.Errorf("%s: a weight is needed to set an override, and only then", c.Verb)
	case set && (*c.Weight < 0 || *c.Weight > MaxWeight):
		return fmt.Errorf("%s: weight %d: write a number from 0 to %d", c.Verb, *c.Weight, MaxWeight)
	case set && (c.For <= 0 || c.For > LongestOverride):
		return fmt.Errorf("%s: an override ends by itself, after a time above 0 and of at most %d hours: what is to stay belongs into git", c.Verb, int(LongestOverride.Hours()))
	case set && c.Reason == "":
		return fmt.Errorf("%s: say why: status, journal and every diff show it", c.Verb)
	}
	return nil
}
