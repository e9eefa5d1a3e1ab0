package spec

import "time"

// DocumentVersion is the version of every JSON document that an agent gives out.
const DocumentVersion = 1

// Activity is what an agent is doing, or, at rest, what keeps it from following its branch.
type Activity string

// The activities. The second group are the states of rest.
const (
	Starting  Activity = "start"   // from the last known good, before git is asked
	Loading   Activity = "load"    // reading the HCL of a commit
	Checking  Activity = "policy"  // policies judge a commit
	Planning  Activity = "plan"    // comparing wanted and live
	Applying  Activity = "apply"   // writing the kernel
	Verifying Activity = "verify"  // reading back what was written
	Observing Activity = "observe" // reading the kernel to find drift
	Stopping  Activity = "stop"

	Idle      Activity = "idle"      // in sync with the branch, as far as the source answers
	Waiting   Activity = "waiting"   // a commit waits for other directors, or for the end of a freeze
	Proving   Activity = "proving"   // a commit is applied, and its probes are awaited
	WentBack  Activity = "reverted"  // the branch's tip was taken back; the commit before is held
	Suspended Activity = "suspended" // reads and reports, writes nothing
	Pinned    Activity = "pinned"    // holds one commit, does not follow the branch
	Refused   Activity = "refused"   // the branch's tip is not acceptable; the last good commit is held
	Degraded  Activity = "degraded"  // something fails and is retried: source, kernel, journal or an object
)

// Status is what an agent tells of itself: plain values, each read when it was last true, nothing predicted.
type Status struct {
	Version  int       `json:"version"` // DocumentVersion
	Director string    `json:"director"`
	Program  string    `json:"program"` // version of the running lbsync
	Started  time.Time `json:"started"`

	Phase     Activity  `json:"phase"`
	Since     time.Time `json:"since"`
	BlockedOn *Call     `json:"blocked_on,omitempty"` // the call that is running now, if any

	Source    SourceStatus `json:"source"`
	Attempted *CommitAt    `json:"attempted,omitempty"`  // last commit tried, whatever came of it
	Applied   *CommitAt    `json:"applied,omitempty"`    // last commit that the kernel was made to hold: the last known good
	HighWater string       `json:"high_water,omitempty"` // id of the newest commit accepted from the branch; a tip must descend from it
	Refusal   *Refusal     `json:"refusal,omitempty"`
	Pin       *Pin         `json:"pin,omitempty"`
	Pending   *CommitAt    `json:"pending,omitempty"`   // accepted, and waiting: Holds say for what
	Trial     *Trial       `json:"trial,omitempty"`     // applied, and not confirmed yet
	Confirmed string       `json:"confirmed,omitempty"` // id of the commit that was confirmed last
	Reverted  *Reverted    `json:"reverted,omitempty"`  // taken back, and not tried again
	Peers     []PeerStatus `json:"peers,omitempty"`     // the other directors of its clusters
	Resynced  *Resynced    `json:"resynced,omitempty"`  // the last full resync of connections
	Routine   *Routine     `json:"routine,omitempty"`   // when the next one comes by itself; nil where this director is master of nothing that is synchronised
	// Strangers send connection sync to a group of this director and are no director of its clusters. Known once all of these reported.
	Strangers  []SyncSpeaker `json:"sync_strangers,omitempty"`
	Suspension *Suspension   `json:"suspension,omitempty"`

	Health *HealthStatus `json:"health,omitempty"` // nil where no real server is checked and none drains

	Overrides []OverrideStatus `json:"overrides,omitempty"` // of this director and of the others of its clusters

	Plan     *PlanSummary `json:"plan,omitempty"` // last plan that had something to do
	Failures []Failure    `json:"failures,omitempty"`
	Holds    []Held       `json:"holds,omitempty"`
	Drift    []Drift      `json:"drift,omitempty"` // what differs now from what was applied
	Flapping []Flap       `json:"flapping,omitempty"`
	Repaired uint64       `json:"repaired"`          // drifted objects put right since start
	Foreign  []Object     `json:"foreign,omitempty"` // live objects that are not ours; left alone
	Advice   []Diagnostic `json:"advice,omitempty"`  // warnings about the applied commit; lost with a restart
	Kernel   *Problem     `json:"kernel,omitempty"`  // why the kernel cannot be read or written
	Disk     *Problem     `json:"disk,omitempty"`    // why the state folder cannot be written
	Engine   *Problem     `json:"engine,omitempty"`  // why the engine cannot be asked; nil too where no instance needs one
	VRRP     *VRRPStatus  `json:"vrrp,omitempty"`    // nil while the engine cannot be asked, or where none runs
	// Channel is the exchange with other directors and operators; nil where this director takes part in none.
	Channel *ChannelStatus `json:"channel,omitempty"`
	Journal JournalHead    `json:"journal"`

	Services    int `json:"services"`     // live and wanted
	RealServers int `json:"real_servers"` // live and wanted, over all services
}

// Call is something that runs or fails, and since when.
type Call struct {
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
}

// Problem is what fails, why, and since when without a success between.
type Problem struct {
	Call  string    `json:"call,omitempty"`
	Error string    `json:"error"`
	Since time.Time `json:"since"`
}

// SourceStatus is how the git repository answers.
type SourceStatus struct {
	URL         string    `json:"url"`
	Ref         string    `json:"ref"`
	Tip         *Commit   `json:"tip,omitempty"`         // of the last successful fetch
	LastSuccess time.Time `json:"last_success,omitzero"` // when the repository last answered
	NextFetch   time.Time `json:"next_fetch,omitzero"`   // when it is asked again
	BehindSince time.Time `json:"behind_since,omitzero"` // since when the tip is not what is applied; zero when it is
	Failing     *Problem  `json:"failing,omitempty"`     // nil while it answers
	Attempts    int       `json:"attempts,omitempty"`    // failures in a row
}

// CommitAt is a commit and when something happened to it.
type CommitAt struct {
	Commit Commit    `json:"commit"`
	At     time.Time `json:"at"`
}

// Refusal says why a commit was not accepted. It stands until another commit is tried.
type Refusal struct {
	Commit      Commit       `json:"commit"`
	At          time.Time    `json:"at"`
	Reason      string       `json:"reason"`
	Invalid     bool         `json:"invalid,omitempty"` // the commit is no fleet that this director could hold; else policy forbids it
	Diagnostics []Diagnostic `json:"diagnostics,omitempty"`
}

// Diagnostic is one finding in the HCL of a commit, as text.
type Diagnostic struct {
	Severity string `json:"severity"` // error or warning
	Summary  string `json:"summary"`
	Detail   string `json:"detail,omitempty"`
	Pos      Pos    `json:"pos,omitzero"`
	Line     string `json:"line,omitempty"`    // what stands there
	Rule     string `json:"rule,omitempty"`    // the policy that is broken
	Level    string `json:"level,omitempty"`   // its level
	Meaning  string `json:"meaning,omitempty"` // what it asks for, where it is a built-in one
	RulePos  Pos    `json:"rule_pos,omitzero"` // where it stands, where the fleet declares it
	RuleLine string `json:"rule_line,omitempty"`
}

// Pin holds one commit whatever the branch does.
type Pin struct {
	Commit   Commit    `json:"commit"`
	Rollback bool      `json:"rollback,omitempty"` // the pin ends by itself when the branch renders differently from what was left
	Left     string    `json:"left,omitempty"`     // of a rollback: id of the commit that was left and is quarantined
	Actor    Actor     `json:"actor"`
	Reason   string    `json:"reason,omitempty"`
	At       time.Time `json:"at"`
	Until    time.Time `json:"until,omitzero"` // zero: until unpin
}

// Suspension keeps the agent from writing.
type Suspension struct {
	Actor  Actor     `json:"actor"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
	Until  time.Time `json:"until,omitzero"` // zero: until resume
}

// PlanSummary is the outline of a plan and what came of it.
type PlanSummary struct {
	Digest  Digest    `json:"digest"`
	Commit  string    `json:"commit"`
	Add     int       `json:"add"`
	Edit    int       `json:"change"`
	Remove  int       `json:"remove"`
	Drifted int       `json:"drift"` // how many of these repair drift
	Risk    Risk      `json:"risk"`
	Done    int       `json:"done"`
	Failed  int       `json:"failed"`
	At      time.Time `json:"at"`
}

// Failure is a change that the kernel did not take, and since when it has been tried.
type Failure struct {
	Object
	Action Action    `json:"action"`
	Error  string    `json:"error"`
	Since  time.Time `json:"since"`
}

// Held is a change that waits.
type Held struct {
	Object
	Field string    `json:"field,omitempty"` // the one setting that waits; "": the object is left as it is
	Why   string    `json:"why"`
	Until time.Time `json:"until,omitzero"`
	More  int       `json:"more,omitempty"` // other objects that wait for the same
}

// PeerStatus is another director, as this one knows it.
type PeerStatus struct {
	Director  string    `json:"director"`
	Earlier   bool      `json:"earlier,omitempty"` // it is of the wave before, and of no cluster of this one's
	Answers   bool      `json:"answers"`
	Silent    time.Time `json:"silent_since,omitzero"`
	Why       string    `json:"why,omitempty"` // it does not answer
	Commit    string    `json:"commit,omitempty"`
	Confirmed bool      `json:"confirmed"`          // Commit is confirmed there
	Stays     string    `json:"stays,omitempty"`    // why it does not follow the branch
	Coverage  *Coverage `json:"coverage,omitempty"` // how much of this director's connections it holds
	Journal   *Problem  `json:"journal,omitempty"`  // its journal went back or was rewritten, and no operator accepted that
}

// Drift is an object that was changed outside git.
type Drift struct {
	Object
	Action    Action    `json:"action"` // what repairs it
	Fields    []Field   `json:"fields,omitempty"`
	FirstSeen time.Time `json:"first_seen"`
	Left      string    `json:"left,omitempty"` // why it is not put right; "" while it is to be
}

// Flap is an object that is changed outside git again and again: it was put right as often as its cluster allows within an hour, and is
// only reported until the last hour has fewer. A service that is gone is put back once a minute all the same.
type Flap struct {
	Object
	Repairs int       `json:"repairs"` // within the last hour
	First   time.Time `json:"first"`   // of these
	Last    time.Time `json:"last"`
}

// Object names a thing in text, as operators read and type it.
type Object struct {
	Kind Kind   `json:"kind"`
	Key  string `json:"key"`
}

// ObjectOf names the object of a key.
func ObjectOf(k Key) Object { return Object{k.Kind(), k.String()} }

// JournalHead is the end of the journal, what keeps it from growing, and what was found altered and not yet accepted by an operator.
type JournalHead struct {
	Seq     uint64   `json:"seq"`
	Hash    string   `json:"hash,omitempty"`
	Failing *Problem `json:"failing,omitempty"`
	Broken  *Problem `json:"broken,omitempty"`
}

// Summary is the outline of a plan that was not carried out yet.
func (p Plan) Summary(now time.Time) PlanSummary {
	out := PlanSummary{Digest: p.Digest, Commit: p.Commit.ID, Risk: p.Risk(), At: now}
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			out.count(c)
		}
	}
	return out
}

func (s *PlanSummary) count(c Change) {
	switch c.Action {
	case Add:
		s.Add++
	case Edit:
		s.Edit++
	case Remove:
		s.Remove++
	}
	if c.Reason == ByDrift {
		s.Drifted++
	}
}
