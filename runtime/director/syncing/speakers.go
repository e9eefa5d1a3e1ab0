package syncing

import (
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

const (
	silence     = 2 * time.Minute // after which a speaker is forgotten
	maxSpeakers = 64              // anyone on the segment can invent some; the one that was silent longest goes
)

// speakers are those who were heard.
type speakers []spec.SyncSpeaker

// hear counts a message of a speaker, and says whether it is new.
func (s *speakers) hear(who spec.SyncSpeaker, now time.Time) bool {
	s.forget(now)
	i := slices.IndexFunc(*s, func(o spec.SyncSpeaker) bool { return same(o, who) })
	if i >= 0 {
		(*s)[i].Last = now
		(*s)[i].Count++
		return false
	}
	if len(*s) == maxSpeakers {
		oldest := 0
		for i, o := range *s {
			if o.Last.Before((*s)[oldest].Last) {
				oldest = i
			}
		}
		*s = slices.Delete(*s, oldest, oldest+1)
	}
	who.First, who.Last, who.Count = now, now, 1
	*s = append(*s, who)
	return true
}

// same compares who they are, and not when they spoke.
func same(a, b spec.SyncSpeaker) bool {
	return a.Addr == b.Addr && a.Interface == b.Interface && a.Group == b.Group && a.Port == b.Port && a.SyncID == b.SyncID
}

// forget drops those who are silent for long.
func (s *speakers) forget(now time.Time) {
	*s = slices.DeleteFunc(*s, func(o spec.SyncSpeaker) bool { return now.Sub(o.Last) > silence })
}

// only keeps those on the given places.
func (s *speakers) only(places map[place]*ear) {
	*s = slices.DeleteFunc(*s, func(o spec.SyncSpeaker) bool { return places[place{o.Interface, o.Group, o.Port}] == nil })
}
