package spec

import (
	"fmt"
	"strings"
	"time"
)

// Vitals are what tells whether a director does its work: taken before a commit is applied, and again before it is confirmed.
type Vitals struct {
	Taken       time.Time           `json:"taken"`
	Instances   map[string]Vital    `json:"instances,omitempty"`   // by vrrp_instance
	Connections map[ServiceKey]int  `json:"connections,omitempty"` // active ones, by service
	Peers       map[string]bool     `json:"peers,omitempty"`       // whether each of the other directors answers
	Source      bool                `json:"source"`                // the repository answers
	Coverage    map[string]float64  `json:"coverage,omitempty"`    // by director: percent of this master's connections that it holds
	Quorums     map[ServiceKey]bool `json:"quorums,omitempty"`     // whether each of the services that the commit touches has its quorum
	Brakes      map[string]string   `json:"brakes,omitempty"`      // that are on, and what they say: by service, "" for that of all checks
	Missing     []Failure           `json:"missing,omitempty"`     // what is wanted and not so

	Receiver string               `json:"receiver,omitempty"` // PeerReport.Receiver of this director
	Received map[string]Reception `json:"received,omitempty"` // by director: masters that sent all they have to this receiver
}

// Reception is what a backup sync daemon got of a master.
type Reception struct {
	Connections int       `json:"connections"`    // that the master had
	Heard       time.Time `json:"heard,omitzero"` // when a message of it was heard last; zero: never
}

// Vital is how an instance does on one director.
type Vital struct {
	State   VRRPState `json:"state"`
	Masters []string  `json:"masters,omitempty"` // directors, or addresses, that are known to be master
}

// Unjudged are health checks that have come to no verdict yet: their real servers are as they were taken on, which proves nothing.
type Unjudged struct {
	Checks int           `json:"checks"`
	Some   []string      `json:"some,omitempty"` // of them, at most MostUnjudged, in order
	Takes  time.Duration `json:"takes"`          // the longest that one of them may take, from its beginning
	By     time.Time     `json:"by,omitzero"`    // when all have one at the latest, on a host that is not later than a second
}

// MostAwaited is for how long a trial whose time is over waits for checks without a verdict: a slow one would keep every commit waiting.
const MostAwaited = time.Minute

// Awaited is until when a trial that ends at a moment waits for them; that moment where there are none.
func (u Unjudged) Awaited(ends time.Time) time.Time {
	switch most := ends.Add(MostAwaited); {
	case u.Checks == 0 || u.By.Before(ends):
		return ends
	case u.By.After(most):
		return most
	}
	return u.By
}

// Text is "2 checks that began with it have no verdict yet: tcp 192.0.2.21:80, tcp 192.0.2.22:80; one may take 2m, longer than the trial
// of 1m10s"; "" for none.
func (u Unjudged) Text(trial time.Duration) string {
	if u.Checks == 0 {
		return ""
	}
	text := "1 check that began with it has"
	if u.Checks != 1 {
		text = fmt.Sprintf("%d checks that began with it have", u.Checks)
	}
	text += " no verdict yet: " + strings.Join(u.Some, ", ")
	if n := u.Checks - len(u.Some); n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	if u.Takes > trial {
		text += fmt.Sprintf("; one may take %v, longer than the trial of %v", u.Takes, trial)
	}
	return text
}

// MostUnjudged is how many checks without a verdict are named.
const MostUnjudged = 3

// Unmet is a probe that did not hold.
type Unmet struct {
	Probe  string `json:"probe"`
	Object string `json:"object,omitempty"`
	Before string `json:"before,omitempty"`
	Now    string `json:"now"`
}

// String is "PROBE OBJECT: NOW (before: BEFORE)".
func (u Unmet) String() string {
	s := u.Probe
	if u.Object != "" {
		s += " " + u.Object
	}
	s += ": " + u.Now
	if u.Before != "" {
		s += " (before: " + u.Before + ")"
	}
	return s
}

// Trial is the time between the application of a commit and its confirmation.
type Trial struct {
	Commit Commit    `json:"commit"`
	Before Commit    `json:"before"` // to which the director goes back if a probe does not hold
	Began  time.Time `json:"began"`
	Until  time.Time `json:"until"`
	Boots  int       `json:"boots,omitempty"` // times the machine went down in it

	Unjudged *Unjudged `json:"unjudged,omitempty"` // checks that began with it and have no verdict now; nil: none
}

// Reverted is a commit that was taken back. It is not tried again; a newer one is.
type Reverted struct {
	Commit Commit    `json:"commit"`
	Before Commit    `json:"before"` // which is held since then
	At     time.Time `json:"at"`
	Unmet  []Unmet   `json:"unmet"`
}
