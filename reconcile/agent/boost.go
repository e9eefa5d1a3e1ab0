package agent

import "time"

// boostFor is how long the backups are told of every packet after a gap that no full resync could mend: long enough for a packet of each
// connection that is used, and not for ever, since it costs a message for each packet.
const boostFor = 2 * time.Minute

// boost begins where somebody needed all connections and the table is too large for a full resync, and ends where one could be made.
func (a *Agent) boost(r resynced) {
	switch {
	case r.sent.Partial == "":
		a.resync.boost = time.Time{}
	case !r.routine:
		a.resync.boost = time.Now().Add(boostFor)
		a.agenda.sooner(look, time.Now())
	}
}
