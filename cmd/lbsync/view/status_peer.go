package view

import (
	"fmt"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// peerFacts are a line for each director of the own clusters, and one for all of the wave before: these may be hundreds.
func peerFacts(peers []spec.PeerStatus, now time.Time) [][]Cell {
	var rows [][]Cell
	var earlier, confirmed int
	lacking := ""
	for _, p := range peers {
		switch {
		case !p.Earlier:
			rows = append(rows, cells("peer "+p.Director, peerText(p, now)))
			continue
		case p.Answers && p.Confirmed:
			confirmed++
		case lacking == "":
			lacking = "; " + p.Director + " " + peerText(p, now)
		}
		earlier++
	}
	if earlier > 0 {
		rows = append(rows, cells("wave before", fmt.Sprintf("%d of %s confirmed what they hold%s%s", confirmed, plural(earlier, "director"), lacking, more(max(0, earlier-confirmed-1)))))
	}
	return rows
}

// peerText is what another director holds, and how much of this one's connections.
func peerText(p spec.PeerStatus, now time.Time) string {
	if !p.Answers {
		if p.Silent.IsZero() {
			return "not heard yet"
		}
		return fmt.Sprintf("does not answer%s: %s", since(now, p.Silent), p.Why)
	}
	text := "holds no commit yet"
	if p.Commit != "" {
		text = "holds " + spec.ShortID(p.Commit) + map[bool]string{true: ", confirmed", false: ", not confirmed yet"}[p.Confirmed]
	}
	if p.Stays != "" {
		text += "; " + p.Stays
	}
	if c := p.Coverage; c != nil {
		text += "; " + coverageText(*c)
	}
	return text
}

// coverageText is how much of the connections a backup knows.
func coverageText(c spec.Coverage) string {
	if c.Uncompared != "" {
		return "what it knows could not be compared: " + c.Uncompared
	}
	return fmt.Sprintf("knows %.2f %% of %s", c.Percent(), plural(c.Total, "connection"))
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// strangerText says what somebody outside the cluster sends, and what that means.
func strangerText(s spec.SyncSpeaker, now time.Time) string {
	return fmt.Sprintf("sends connection sync with syncid %d to %s port %d on %s, last %s: backups with that syncid, or with 0, take its connections",
		s.SyncID, s.Group, s.Port, s.Interface, ago(now, s.Last))
}
