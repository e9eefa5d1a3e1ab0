package spec

import (
	"fmt"
	"strconv"
	"time"
)

// Verb is what an operator asks of a running agent.
type Verb string

// The verbs.
const (
	Rollback Verb = "rollback" // apply an earlier commit and stay there
	PinTo    Verb = "pin"      // hold one commit
	Unpin    Verb = "unpin"
	Suspend  Verb = "suspend" // write nothing
	Resume   Verb = "resume"
	Refresh  Verb = "refresh" // ask the repository now

	OverrideSet   Verb = "override-set"   // give a real server another weight for a time
	OverrideClear Verb = "override-clear" // end that before

	Handover Verb = "handover" // give the master role of an instance away

	SyncNow Verb = "sync-now" // send all connections to the backups
	Proceed Verb = "proceed"  // do not wait for directors that do not answer, for the commit that waits

	AcceptJournal Verb = "accept-journal" // stop reporting that the journal is broken
)

// Command is one request of an operator. Actor is who asks, as the socket says; a client leaves it zero.
type Command struct {
	Verb     Verb          `json:"verb"`
	Rev      string        `json:"rev,omitempty"`      // of rollback and pin: a commit id, a unique prefix of one, a branch or a tag
	Instance InstanceKey   `json:"instance,omitempty"` // of handover
	For      time.Duration `json:"for,omitempty"`      // of rollback, pin, suspend and override-set: nanoseconds until it ends by itself; 0 is without end
	Reason   string        `json:"reason,omitempty"`
	// RealServer is of override-set and override-clear: a real server's key, or ADDRESS:PORT where it is in one service only.
	RealServer string `json:"real_server,omitempty"`
	Weight     *int32 `json:"weight,omitempty"`  // of override-set: 0..65535
	All        bool   `json:"all,omitempty"`     // of override-clear: every override of this director
	DryRun     bool   `json:"dry_run,omitempty"` // of rollback, pin and handover: judge what is asked, and change nothing
	Peer       string `json:"peer,omitempty"`    // of accept-journal: the director whose journal it is; "" is this one's own
	Now        bool   `json:"now,omitempty"`     // of handover: do not send the connections to the backups first
	Actor      Actor  `json:"-"`
}

// longestReason bounds what goes into every status and journal record.
const longestReason = 500

// longestPeer is that of a director block's label.
const longestPeer = 64

// Check says what is wrong with the request on its own.
func (c Command) Check() error {
	rev, lasts := false, false
	switch c.Verb {
	case Rollback, PinTo:
		rev, lasts = true, true
	case Suspend, OverrideSet:
		lasts = true
	case Unpin, Resume, Refresh, AcceptJournal, Handover, OverrideClear, SyncNow, Proceed:
	default:
		return fmt.Errorf("command %q is not known: use rollback, pin, unpin, suspend, resume, override-set, override-clear, refresh, handover, sync-now, proceed or accept-journal", c.Verb)
	}
	switch {
	case rev && c.Rev == "":
		return fmt.Errorf("%s: name a revision", c.Verb)
	case !rev && c.Rev != "":
		return fmt.Errorf("%s: takes no revision", c.Verb)
	case c.For < 0 || (!lasts && c.For != 0):
		return fmt.Errorf("%s: duration %v does not apply", c.Verb, c.For)
	case c.Verb == Handover && c.Instance == "":
		return fmt.Errorf("%s: name a vrrp_instance", c.Verb)
	case c.Verb != Handover && c.Instance != "":
		return fmt.Errorf("%s: takes no vrrp_instance", c.Verb)
	case c.Verb != Handover && c.Now:
		return fmt.Errorf("%s: now does not apply", c.Verb)
	case c.Verb == Proceed && c.Reason == "":
		return fmt.Errorf("%s: say why: it may lose connections", c.Verb)
	case !rev && c.Verb != Handover && c.DryRun:
		return fmt.Errorf("%s: a dry run does not apply", c.Verb)
	case c.Verb != AcceptJournal && c.Peer != "":
		return fmt.Errorf("%s: takes no peer", c.Verb)
	case len(c.Peer) > longestPeer:
		return fmt.Errorf("%s: the name of a director has at most %d bytes", c.Verb, longestPeer)
	case len(c.Reason) > longestReason:
		return fmt.Errorf("%s: reason has %d bytes, at most %d are kept", c.Verb, len(c.Reason), longestReason)
	}
	return c.checkOverride()
}

// Actor is who is behind a command: a local user, or an operator who asks from elsewhere.
type Actor struct {
	UID      uint32 `json:"uid"`                // of a local user
	Login    string `json:"login,omitempty"`    // name of the login session, or of the uid where there is none
	Operator string `json:"operator,omitempty"` // name of the operator block whose key asks; then uid and login say nothing
}

// String is "LOGIN (uid N)", or "operator NAME".
func (a Actor) String() string {
	if a.Operator != "" {
		return "operator " + a.Operator
	}
	uid := "uid " + strconv.FormatUint(uint64(a.UID), 10)
	if a.Login == "" {
		return uid
	}
	return a.Login + " (" + uid + ")"
}

// Handed is what a handover gives away.
type Handed struct {
	Instances []InstanceKey `json:"instances"` // the one that was named, and all others of its sync group
	Others    []string      `json:"others"`    // the directors of which one takes over
	Within    time.Duration `json:"within"`    // longest time until then, in nanoseconds, if one of them is ready: their skew time
}

// CommandResult is what came of a command that was carried out, or refused for the commit it names.
type CommandResult struct {
	Version int                 `json:"version"`          // DocumentVersion
	Commit  *Commit             `json:"commit,omitempty"` // what the revision stands for
	Plan    *PlanSummary        `json:"plan,omitempty"`   // what was done to the kernel; nil when nothing was
	Refusal *Refusal            `json:"refusal,omitempty"`
	Handed  *Handed             `json:"handed,omitempty"`  // of a handover
	Covered map[string]Coverage `json:"covered,omitempty"` // of a handover and of sync-now: what the backups hold, by director
	// Overrides are those that were set or cleared.
	Overrides []Override `json:"overrides,omitempty"`
	View      []byte     `json:"view,omitempty"` // of a dry run that is not refused: the encoded View of the commit
	Status    Status     `json:"status"`         // afterwards
}
