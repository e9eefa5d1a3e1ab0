package vrrp

// State is the state of a virtual router (RFC 9568, section 6.3). Members of a group share theirs.
type State uint8

// The states. Fault is keepalived's: something that the router tracks has failed, and it takes no part in elections.
const (
	Initialize State = iota
	Backup
	Active
	Fault
)

var stateNames = [...]string{"Initialize", "Backup", "Active", "Fault"}

func (s State) String() string { return stateNames[s] }
