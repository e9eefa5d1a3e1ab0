package journal

import "fmt"

// Event says what a record is about. The zero Event is none and cannot be written.
type Event uint8

// The events. An attempt at a commit is Planned, Intent, Step…, and one of Applied, Failed and RolledBack; or it is Refused.
const (
	Fetched         Event = iota + 1 // the branch has a new tip
	Refused                          // the commit is invalid or not allowed; Diagnostics says why
	Planned                          // what the commit would change is known
	Intent                           // durable before the kernel is touched
	Step                             // a step of the plan is done, or was refused by the kernel
	Applied                          // every step is done
	Failed                           // the plan was given up
	RolledBack                       // an earlier commit, the one named, is live again
	Drift                            // the live state was changed by somebody else
	Pinned                           // the director stays on a commit
	Unpinned                         // it follows the branch again
	Suspended                        // nothing is applied
	Resumed                          // commits are applied again
	Started                          // the agent runs
	Stopped                          // the agent ended in order
	Recovered                        // the agent found an intent without its outcome when it started
	TornTail                         // the last line was incomplete after a crash and was cut
	ChainBroken                      // the last segment was altered and the chain goes on in a new one, or a known record is gone
	SourceFailing                    // the repository cannot be fetched
	SourceOK                         // it can be fetched again
	BrokenAccepted                   // an operator knows that the chain is broken, and goes on
	Transition                       // a vrrp_instance has another state
	Notified                         // somebody was told of a transition, or could not be
	HandedOver                       // an operator has the role of master given away; Result says what came of it, none that it begins
	OverrideSet                      // an operator gave a real server another weight for a time
	OverrideCleared                  // an operator ended that
	OverrideEnded                    // its time is over
	Confirmed                        // the probes of a commit held
	Reverted                         // they did not, and the commit was taken back; Result says which
	Resynced                         // all connections were sent to the backups
	Proceeded                        // an operator said not to wait for directors that do not answer
	PeerJournal                      // the journal of another director went back or was rewritten; Result says how
	RuleOverridden                   // the commit breaks the rule that Key names, as its author, Author, may; Detail is the reason
	Health                           // a real server was taken out by its checks, or is back; Result says why
	Quorum                           // a service gained or lost its quorum
	Brake                            // so many checks fail that they are not believed, or are again
	DrainEnded                       // a removed real server kept its connections for long enough; Result says why
)

var eventNames = [...]string{
	Fetched: "fetched", Refused: "refused", Planned: "planned", Intent: "intent", Step: "step", Applied: "applied", Failed: "failed",
	RolledBack: "rolled_back", Drift: "drift", Pinned: "pinned", Unpinned: "unpinned", Suspended: "suspended", Resumed: "resumed",
	Started: "started", Stopped: "stopped", Recovered: "recovered", TornTail: "torn_tail", ChainBroken: "chain_broken",
	SourceFailing: "source_failing", SourceOK: "source_ok",
	BrokenAccepted: "broken_accepted", Transition: "transition", Notified: "notified", HandedOver: "handover",
	OverrideSet: "override_set", OverrideCleared: "override_cleared", OverrideEnded: "override_ended",
	Confirmed: "confirmed", Reverted: "reverted", Resynced: "resynced", Proceeded: "proceeded", PeerJournal: "peer_journal", RuleOverridden: "rule_overridden",
	Health: "health", Quorum: "quorum", Brake: "brake", DrainEnded: "drain_ended",
}

// Events lists every event, for completion and for messages.
func Events() []Event {
	out := make([]Event, 0, len(eventNames)-1)
	for e := Fetched; int(e) < len(eventNames); e++ {
		out = append(out, e)
	}
	return out
}

func (e Event) valid() bool { return e > 0 && int(e) < len(eventNames) }

// String is the event's word in the file.
func (e Event) String() string {
	if !e.valid() {
		return fmt.Sprintf("event(%d)", uint8(e))
	}
	return eventNames[e]
}

// MarshalText refuses an event that is none.
func (e Event) MarshalText() ([]byte, error) {
	if !e.valid() {
		return nil, fmt.Errorf("%s is not an event of the journal", e)
	}
	return []byte(eventNames[e]), nil
}

// UnmarshalText refuses a word that this version does not know.
func (e *Event) UnmarshalText(b []byte) error {
	for _, known := range Events() {
		if eventNames[known] == string(b) {
			*e = known
			return nil
		}
	}
	return fmt.Errorf("event %q is not known to this version", b)
}
