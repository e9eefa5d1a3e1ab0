package spec

import "time"

// Facts are what flows back from the running system into decisions: plain values, read by Want and by policies.
type Facts struct {
	Now   time.Time       // when the facts were taken; pure code has no other clock
	Roles map[string]Role // by vrrp_instance; absent is unknown
}
