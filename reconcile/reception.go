package reconcile

import (
	"fmt"
	"maps"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// Receptions are the masters whose sync messages this director's backup daemon has to receive, and when one was heard where it listens.
// Only those count that made a full resync for this run of the daemon, had connections to send, and send where the view says: a master
// that has yet to change its group, port or interface is not heard, and that is nobody's mistake.
func Receptions(v spec.View, f spec.Facts, heard []spec.SyncSpeaker) map[string]spec.Reception {
	back, runs := f.Daemons.Find(spec.RoleBackup)
	if !runs {
		return nil
	}
	out := map[string]spec.Reception{}
	self := v.Director.Def.Name
	for name, p := range f.Peers {
		if !p.Answers() || !sendsAsWanted(v, name, p.Report) || !accepts(back.Value, p.Report.Daemons) {
			continue
		}
		c := p.Report.Coverage[self]
		if c.Receiver != f.Receiver || c.Uncompared != "" || c.Total == 0 {
			continue
		}
		r := spec.Reception{Connections: c.Total}
		for _, s := range heard {
			if slices.Contains(p.Report.Sources, s.Addr) && reaches(s, back.Value) && s.Last.After(r.Heard) {
				r.Heard = s.Last
			}
		}
		out[name] = r
	}
	return out
}

// sendsAsWanted says whether another director is master in a cluster, and sends where the view says; its syncid may still be another one.
func sendsAsWanted(v spec.View, name string, r *spec.PeerReport) bool {
	live, sends := r.Daemons.Find(spec.RoleMaster)
	for i := range v.Clusters {
		c := &v.Clusters[i]
		if !sends || c.Sync == nil || !c.Has(name) || !masterOf(c, spec.Facts{Roles: r.Roles}) {
			continue
		}
		want, ok := c.Sync.Daemon(name)
		want.SyncID = live.Value.SyncID
		if ok && want == live.Value {
			return true
		}
	}
	return false
}

// accepts says whether a backup daemon takes what the master daemon among some sends.
func accepts(back spec.Daemon, daemons spec.Rows[spec.Role, spec.Daemon]) bool {
	from, sends := daemons.Find(spec.RoleMaster)
	return sends && from.Value.Group == back.Group && from.Value.Port == back.Port && (back.SyncID == 0 || back.SyncID == from.Value.SyncID)
}

// reaches says whether a backup daemon takes what was heard.
func reaches(s spec.SyncSpeaker, back spec.Daemon) bool {
	return s.Interface == back.Interface && s.Group == back.Group && s.Port == back.Port && (back.SyncID == 0 || back.SyncID == s.SyncID)
}

// judgeReceptions wants that a backup daemon which the commit started anew has received something since. It only counts against the commit
// that a master sent all it has and nothing was heard: who was too slow to send says nothing.
func judgeReceptions(before, now spec.Vitals) []spec.Unmet {
	if before.Receiver == "" || now.Receiver == before.Receiver {
		return nil
	}
	var out []spec.Unmet
	for _, name := range slices.Sorted(maps.Keys(now.Received)) {
		is := now.Received[name]
		was, had := before.Received[name]
		if is.Heard.After(before.Taken) || had && was.Heard.IsZero() {
			continue
		}
		u := spec.Unmet{Probe: "receiving", Object: name, Now: fmt.Sprintf("it sent its %d connections, and none of its messages was heard here", is.Connections)}
		if had {
			u.Before = "heard"
		}
		out = append(out, u)
	}
	return out
}
