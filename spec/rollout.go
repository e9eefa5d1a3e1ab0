package spec

import "time"

// Rollout is the block `rollout` of a cluster: how a commit reaches its directors.
type Rollout struct {
	Wave          int           // clusters of a lower wave go first
	Soak          time.Duration // after the waves before are through
	PeerTimeout   time.Duration // how long a director that does not answer is waited for; 0: for ever
	ProceedSilent bool          // on_peer_timeout = "proceed"
	At            Mark
}

// Confirm is the block `confirm` of a cluster: what must hold before a commit counts as good.
type Confirm struct {
	Timeout     time.Duration // how long the probes must hold
	Connections int           // percent of the baseline's connections below which a service has collapsed; 0: not probed
	Coverage    float64       // percent of the master's connections that a backup must hold; 0: not probed
	At          Mark
}

// DriftMode says what is done about objects that were changed outside git.
type DriftMode uint8

// The modes.
const (
	DriftEnforce DriftMode = iota // put right, and reported
	DriftWarn                     // reported
	DriftOff                      // neither
)

// DriftRules is the block `drift` of a cluster.
type DriftRules struct {
	Services, RealServers, SyncDaemons, Settings, VRRP DriftMode
	MostAnHour                                         int // corrections of one object, then it is flapping and only reported; 0: no limit
	At                                                 Mark
}

// Freeze is the block `freeze` of a cluster: times in which no commit is applied.
type Freeze struct {
	Name     string
	Days     []time.Weekday // none: every day
	From, To time.Duration  // since midnight; To may be smaller, and is on the next day then
	Zone     string         // of the IANA database; "" is UTC
	Start    time.Time      // or one time: from Start until End
	End      time.Time
	Reason   string
	At       Mark
}
