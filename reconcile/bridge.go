package reconcile

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// bridge takes a syncid from one value to another while connections flow. A backup daemon with syncid 0 accepts every sender
// (ip_vs_sync.c, ip_vs_process_message), so the backups open first, then the masters switch, then the backups close:
//
//	backup: another director's master daemon runs another id, or is to → run 0
//	master: every other director wants the same id, and its backup daemon runs that or 0 → switch to the wanted id
//	backup: every master runs the wanted id → run the wanted id
//
// It is level-triggered: each director decides from what it sees of itself and of the others, so a crash anywhere in it is safe.
type bridge struct {
	want   spec.Daemon
	both   bool // both daemons run on every director
	open   bool // 0 is safe: nobody from outside the cluster sends to the same group
	others []otherDaemons
	facts  spec.Facts
}

// Bridged says whether a change of syncid goes over the bridge: all directors of all clusters that are synchronised answer, or did once,
// and nobody else sends to their groups.
func Bridged(v spec.View, f spec.Facts) bool {
	bridged := false
	for i := range v.Clusters {
		c := &v.Clusters[i]
		if c.Sync == nil {
			continue
		}
		self := v.Director.Def.Name
		d, ok := c.Sync.Daemon(self)
		if !ok || !bridgeOf(v.Clusters, self, d, f).open {
			return false
		}
		for _, name := range c.Directors {
			if _, exchanged := f.Peers[name]; name != self && !exchanged {
				return false
			}
		}
		bridged = true
	}
	return bridged
}

// otherDaemons is what is known of another director's daemons.
type otherDaemons struct {
	director string
	known    bool // it reported once; it may have fallen silent since
	ignored  bool // it does not answer, and is not waited for any more
	wants    uint8
	daemons  spec.Rows[spec.Role, spec.Daemon]
}

// bridgeOf gathers what the bridge depends on, of all clusters that share a daemon: there is one of a role in a kernel.
func bridgeOf(clusters []spec.Cluster, self string, want spec.Daemon, f spec.Facts) bridge {
	b := bridge{want: want, facts: f, open: true}
	for _, s := range f.Strangers {
		if s.Group == want.Group && s.Port == want.Port {
			b.open = false
		}
	}
	for i := range clusters {
		if c := &clusters[i]; c.Sync != nil {
			if d, ok := c.Sync.Daemon(self); ok && d == want {
				b.gather(c, self)
			}
		}
	}
	return b
}

// gather adds the other directors of a cluster. One that is in two clusters is waited for as the stricter of them says.
func (b *bridge) gather(c *spec.Cluster, self string) {
	b.both = b.both || c.Sync.Mode == spec.SyncBoth
	for _, name := range c.Directors {
		p, exchanged := b.facts.Peers[name]
		if name == self || !exchanged {
			continue
		}
		o := otherDaemons{director: name, ignored: unawaited(c.Rollout, p, b.facts)}
		if p.Report != nil {
			o.known, o.daemons, o.wants = true, p.Report.Daemons, p.Report.SyncIDs[c.Name]
		}
		b.others = append(b.others, o)
	}
}

// follow is what the engine is given in mode follow, for a transition at any moment: the daemon of either role has to fit those that the
// other directors have then. While somebody still sends with another id, this director would send with that one too; and as long as
// anybody does, it would be open as backup.
func (b *bridge) follow() spec.FollowSync {
	accepts, _ := b.receiving()
	out := spec.FollowSync{Daemon: b.want, Open: accepts != b.want.SyncID}
	live, sends := b.facts.Daemons.Find(spec.RoleMaster)
	if !sends {
		for _, o := range b.others {
			if m, runs := o.daemons.Find(spec.RoleMaster); b.open && runs && b.meets(m.Value) {
				out.Daemon.SyncID = m.Value.SyncID
			}
		}
		return out
	}
	out.Daemon.SyncID, _ = b.sending()
	out.Open = out.Open || b.open && b.meets(live.Value) && live.Value.SyncID != b.want.SyncID
	return out
}

// syncID is the id that a daemon should run now, and why it is not the wanted one yet.
func (b *bridge) syncID(r spec.Role) (id uint8, why string) {
	if r == spec.RoleBackup {
		return b.receiving()
	}
	return b.sending()
}

// receiving looks at directors that fell silent too: their daemons go on without their agent. Until each was heard once, as after a
// start, what runs stays: it was right for what they send. Where nothing runs, all are listened to.
func (b *bridge) receiving() (uint8, string) {
	unheard := ""
	for _, o := range b.others {
		if b.open && b.differs(&o) {
			return 0, ""
		}
		if !o.known && !o.ignored && unheard == "" {
			unheard = o.director
		}
	}
	live, runs := b.facts.Daemons.Find(spec.RoleBackup)
	switch {
	case unheard == "" || !b.both || live.Value.SyncID == b.want.SyncID:
	case !runs && b.open:
		return 0, fmt.Sprintf("syncid %d waits until %s says which id its master daemon sends", b.want.SyncID, unheard)
	case runs && b.meets(live.Value): // whoever is heard now may be a stranger, or the one that was not heard yet
		return live.Value.SyncID, fmt.Sprintf("syncid %d → %d waits until %s says which id its master daemon sends", live.Value.SyncID, b.want.SyncID, unheard)
	}
	return b.want.SyncID, ""
}

// differs says whether another director's master daemon sends with another id than the wanted one, or may do so from one moment to the next.
func (b *bridge) differs(o *otherDaemons) bool {
	m, sends := o.daemons.Find(spec.RoleMaster)
	if sends && !b.meets(m.Value) {
		return false
	}
	return sends && m.Value.SyncID != b.want.SyncID || o.wants != 0 && o.wants != b.want.SyncID
}

// sending stays with what runs until everybody would hear the new id.
func (b *bridge) sending() (uint8, string) {
	live, runs := b.facts.Daemons.Find(spec.RoleMaster)
	if !runs || live.Value.SyncID == b.want.SyncID || !b.meets(live.Value) {
		return b.want.SyncID, "" // nothing that is heard now would be lost
	}
	for _, o := range b.others {
		if o.ignored {
			continue
		}
		if !o.known {
			return live.Value.SyncID, fmt.Sprintf("syncid %d → %d waits until %s says which id its backup daemon accepts", live.Value.SyncID, b.want.SyncID, o.director)
		}
		if why := b.closes(&o); why != "" {
			return live.Value.SyncID, fmt.Sprintf("syncid %d → %d waits for the backup daemon of %s, which %s", live.Value.SyncID, b.want.SyncID, o.director, why)
		}
	}
	return b.want.SyncID, ""
}

// closes says why the backup daemon of another director may not hear the wanted id: what it accepts, or what the commit that is held
// there will have it accept from one moment to the next.
func (b *bridge) closes(o *otherDaemons) string {
	back, runs := o.daemons.Find(spec.RoleBackup)
	switch {
	case runs && !b.meets(back.Value):
		return ""
	case runs && back.Value.SyncID != 0 && back.Value.SyncID != b.want.SyncID:
		return fmt.Sprintf("accepts only %d", back.Value.SyncID)
	case o.wants != 0 && o.wants != b.want.SyncID && (!runs || back.Value.SyncID == 0):
		return fmt.Sprintf("is to accept only %d by the commit that is held there", o.wants)
	}
	return ""
}

// meets says whether messages of a daemon go where the wanted ones go: others are not heard either way.
func (b *bridge) meets(d spec.Daemon) bool { return d.Group == b.want.Group && d.Port == b.want.Port }

// syncIDAlone says whether a change of a sync daemon, or of the one that follows a role, alters its syncid and nothing else.
func syncIDAlone(c *spec.Change) bool {
	switch before := c.Before.(type) {
	case spec.Daemon:
		after, is := c.After.(spec.Daemon)
		before.SyncID = after.SyncID
		return is && before == after
	case spec.FollowSync:
		after, is := c.After.(spec.FollowSync)
		before.Daemon.SyncID, before.Open = after.Daemon.SyncID, after.Open
		return is && before == after
	}
	return false
}

// SyncIDs are those that a view asks of its director, by cluster.
func SyncIDs(v spec.View) map[string]uint8 {
	out := map[string]uint8{}
	for i := range v.Clusters {
		if c := &v.Clusters[i]; c.Sync != nil {
			if d, ok := c.Sync.Daemon(v.Director.Def.Name); ok {
				out[c.Name] = d.SyncID
			}
		}
	}
	return out
}
