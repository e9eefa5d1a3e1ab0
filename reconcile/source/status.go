package source

import (
	"context"
	"errors"
	"time"
)

// Status is what a Mirror does and how it fares, as plain values.
type Status struct {
	URL string
	Ref string // "branch main", "tag v1", "commit 0123…"

	Call  string    // the call that runs, e.g. "receive pack from …"; "" while idle
	Since time.Time // when it began

	LastTry      time.Time // when the last Fetch began
	LastSuccess  time.Time // when the last good Fetch ended; zero if none since the process started
	Failing      string    // the call that failed in the last Fetch; "" if it was good
	FailingSince time.Time // when the first Fetch of this row of failures began
	Failures     int       // Fetches failed in a row
	Err          error     // of the last Fetch

	Tip     string // id of the tracked commit here; "" if none
	Shallow bool   // history is not here yet: the next Fetch brings it, ancestry is unknown until then
	Damage  error  // why the mirror must be cloned anew; nil if it is sound
	Moved   string // folder of the last damaged mirror that this process moved away; "" if none
}

// Status tells what runs and what fails. It does no I/O beyond reading the tip.
func (m *Mirror) Status() Status {
	tip, ok := m.tip()
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.status
	if ok {
		s.Tip = tip.String()
	}
	s.Shallow = len(m.cut) > 0
	s.Damage = m.objects.damage()
	return s
}

// begin notes that a call runs now.
func (m *Mirror) begin(call string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.cfg.Now()
	if m.status.Call == "" {
		m.status.LastTry = now
	}
	m.status.Call, m.status.Since = call, now
}

// finish notes how a Fetch ended. The caller's own cancellation says nothing about the server.
func (m *Mirror) finish(c Commit, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.status
	call := s.Call
	s.Call, s.Since = "", time.Time{}
	switch {
	case err == nil:
		s.LastSuccess, s.Failing, s.FailingSince, s.Failures, s.Err = m.cfg.Now(), "", time.Time{}, 0, nil
	case errors.Is(err, context.Canceled):
	default:
		if s.Failures == 0 {
			s.FailingSince = s.LastTry
		}
		s.Failing, s.Err = call, err
		s.Failures++
	}
}
