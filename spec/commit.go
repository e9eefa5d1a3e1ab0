package spec

import "time"

// Commit is what a revision of the fleet's repository is known by.
type Commit struct {
	ID      string    `json:"id"` // full hexadecimal object name
	Author  string    `json:"author"`
	Email   string    `json:"email"`
	When    time.Time `json:"when,omitzero"`
	Subject string    `json:"subject"`
	Body    string    `json:"body,omitempty"`
}

// Short is the abbreviated id that people read.
func (c Commit) Short() string { return ShortID(c.ID) }

// ShortID abbreviates an object name to seven digits, as git does.
func ShortID(id string) string { return id[:min(7, len(id))] }
