package view

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// syncFacts are the last full resync of a master, what the backups hold of it, and when the next one comes.
func (s Status) syncFacts() [][]Cell {
	r, last := s.Agent.Routine, s.Agent.Resynced
	if r == nil {
		return nil
	}
	text := "no resync yet"
	if last != nil {
		text = "last resync " + ago(s.Now, last.At) + ", " + plural(last.Connections, "connection") + " sent"
		for _, p := range s.Agent.Peers {
			if c := p.Coverage; c != nil && c.Uncompared == "" {
				text += fmt.Sprintf(", %s by %s", knownText(*c), p.Director)
			}
		}
	}
	switch {
	case r.Off != "" && r.Next.IsZero():
		text += "; none by itself: " + r.Off
	case r.Off != "":
		text += "; none by itself: " + r.Off + "; looked at again in " + span(r.Next.Sub(s.Now))
	case r.Next.After(s.Now):
		text += "; next in " + span(r.Next.Sub(s.Now))
	}
	return [][]Cell{cells("connections", text)}
}

// knownText is "20,000 of 20,000 known", of those that were compared.
func knownText(c spec.Coverage) string {
	return fmt.Sprintf("%d of %d known", c.Known, c.Sampled)
}
