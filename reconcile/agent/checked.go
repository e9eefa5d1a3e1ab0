package agent

import "github.com/lbsync/lbsync/spec"

// Checked are the real servers of what is held by the checks that they have. It may be called from any goroutine.
func (a *Agent) Checked() map[spec.Check][]spec.DestKey {
	a.board.mu.Lock()
	view := a.board.view
	a.board.mu.Unlock()
	if view == nil {
		return nil
	}
	return view.Checked()
}
