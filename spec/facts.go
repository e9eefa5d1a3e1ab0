package spec

import (
	"net/netip"
	"time"
)

// Facts are what flows back from the running system into decisions: plain values, read by Want, the gate and policies.
type Facts struct {
	Now       time.Time               // when the facts were taken; pure code has no other clock
	Roles     map[string]Role         // by vrrp_instance; absent is unknown
	Daemons   Rows[Role, Daemon]      // live sync daemons of this director
	Receiver  string                  // PeerReport.Receiver of this director; "" while no backup daemon runs
	Boost     bool                    // some backup does not hold this master's connections, and a full resync could not mend it
	Released  string                  // id of the commit for which an operator said not to wait for directors that do not answer
	Peers     map[string]PeerFact     // by director, of all the others of its clusters; absent: nobody asked yet
	Earlier   map[string]PeerFact     // by director, of those of the wave before
	Strangers []SyncSpeaker           // sync masters that are heard and belong to no director of the cluster
	Overrides []Override              // of this director and of the others, those that are not over
	Pools     map[ServiceKey]PoolFact // of the services whose checks ask for something
	Shift     uint64                  // another one: Pools are others
	Drains    []Drain                 // of this director, by key
}

// PeerFact is what is known of another director.
type PeerFact struct {
	Report *PeerReport `json:"report,omitempty"`      // the newest; nil when it never answered
	Heard  time.Time   `json:"heard,omitzero"`        // when, by this director's clock
	Silent time.Time   `json:"silent_since,omitzero"` // since when it does not answer; zero while it does
	Why    string      `json:"why,omitempty"`         // it does not
}

// Answers says whether the report is of now.
func (p PeerFact) Answers() bool { return p.Report != nil && p.Silent.IsZero() }

// PeerReport is what a director tells the others of its clusters: status, and never a command. It is bound to one commit: what is said
// of "the commit" is said of Commit and of nothing else.
type PeerReport struct {
	Version  int       `json:"version"` // DocumentVersion
	Director string    `json:"director"`
	Boot     string    `json:"boot"`   // identifies the run of the agent
	Serial   uint64    `json:"serial"` // rises with each report of this run
	At       time.Time `json:"at"`     // by its own clock
	Program  string    `json:"program"`

	Commit      string            `json:"commit,omitempty"`      // id of what it holds
	Rendering   map[string]Digest `json:"rendering,omitempty"`   // by cluster: what Commit asks of services and real servers, the same on all directors
	Settled     bool              `json:"settled"`               // live is as Commit wants it, but for what waits
	Waiting     []InstanceKey     `json:"waiting,omitempty"`     // instances some of whose changes wait for the others
	Confirmed   string            `json:"confirmed,omitempty"`   // id of the commit whose probes held last
	ConfirmedAt time.Time         `json:"confirmed_at,omitzero"` // when, by its own clock
	Unproven    bool              `json:"unproven,omitempty"`    // Commit was applied, and its probes are still awaited
	Stays       string            `json:"stays,omitempty"`       // why it does not follow the branch: pinned, suspended, refused, frozen
	HighWater   string            `json:"high_water,omitempty"`

	Turn  Turn              `json:"turn,omitzero"`
	Heard map[string]uint64 `json:"heard,omitempty"` // by director: Turn.Serial of its wish that this one knows of

	Roles     map[string]Role     `json:"roles,omitempty"` // by vrrp_instance
	Daemons   Rows[Role, Daemon]  `json:"sync_daemons,omitempty"`
	SyncIDs   map[string]uint8    `json:"syncids,omitempty"`  // by cluster: the syncid that Commit asks for; Daemons may be on the way to it
	Sources   []netip.Addr        `json:"sources,omitempty"`  // its addresses, from which it may send sync messages
	Receiver  string              `json:"receiver,omitempty"` // identifies the run of its backup sync daemon: another one may have missed messages
	Coverage  map[string]Coverage `json:"coverage,omitempty"` // by director: how much of this one's connections that one holds
	Overrides []Override          `json:"overrides,omitempty"`
	Failing   Failing             `json:"failing,omitzero"`
	Journal   JournalHead         `json:"journal"`
}

// Turn is the wish to change the kernel for a commit. Two directors of a cluster never have theirs at once.
type Turn struct {
	Commit string `json:"commit,omitempty"` // "" is no wish
	Taken  bool   `json:"taken,omitempty"`  // it is this director's turn, until the commit is proven or reverted
	Rank   int    `json:"rank,omitempty"`   // the lower goes first: how many instances it is master of
	Serial uint64 `json:"serial,omitempty"` // tells this wish from the earlier ones of the same director
}

// Coverage is how much of a master's connections a backup holds.
type Coverage struct {
	Receiver string    `json:"receiver"` // PeerReport.Receiver of the backup at the time
	Total    int       `json:"total"`    // connections of the master, of the kinds that are synchronised
	Sampled  int       `json:"sampled"`  // of these were compared
	Known    int       `json:"known"`    // of these the backup holds
	Tries    int       `json:"tries"`    // full resyncs since this receiver began
	At       time.Time `json:"at"`

	Uncompared string `json:"uncompared,omitempty"` // why none could be compared: it may hold any share, and counts as 0
}

// Share is from 0 to 1; 1 when there is nothing to hold.
func (c Coverage) Share() float64 {
	if c.Sampled == 0 {
		return 1
	}
	return float64(c.Known) / float64(c.Sampled)
}

// Percent is the share from 0 to 100.
func (c Coverage) Percent() float64 { return 100 * c.Share() }

// EnoughShare is the share of connections from which a backup counts as warmed up: on a busy director some are always too new.
const EnoughShare = 0.999

// enoughTries is how many full resyncs are made before what is held counts as all that can be had.
const enoughTries = 3

// Warm says whether the backup with this receiver holds all that a full resync can give it.
func (c Coverage) Warm(receiver string) bool {
	return receiver != "" && c.Receiver == receiver && (c.Share() >= EnoughShare || c.Tries >= enoughTries)
}
