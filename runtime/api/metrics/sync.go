package metrics

import (
	"strconv"

	"github.com/lbsync/lbsync/spec"
)

var syncMetrics = []Definition{
	{"lbsync_sync_daemon", Gauge, "1 while the sync daemon of this role runs.", []string{"role"}, func(s *Scrape, add Series) {
		if s.Stats == nil {
			return
		}
		for _, role := range []spec.Role{spec.RoleMaster, spec.RoleBackup} {
			_, ok := s.Stats.Daemons.Find(role)
			add(truth(ok), role.String())
		}
	}},
	{"lbsync_sync_daemon_info", Gauge, "The settings of each sync daemon that runs, always 1.", []string{"role", "syncid", "interface", "group", "port"},
		ofDaemons(func(d spec.Row[spec.Role, spec.Daemon], add Series) {
			v := d.Value
			add(1, d.Key.String(), strconv.Itoa(int(v.SyncID)), v.Interface, v.Group.String(), strconv.Itoa(int(v.Port)))
		})},
	{"lbsync_sync_daemon_detached", Gauge, "1 when the interface of the sync daemon was deleted under it: it neither sends nor receives.", []string{"role"},
		ofDaemons(func(d spec.Row[spec.Role, spec.Daemon], add Series) { add(truth(d.Value.Detached), d.Key.String()) })},
}

func ofDaemons(collect func(spec.Row[spec.Role, spec.Daemon], Series)) func(*Scrape, Series) {
	return func(s *Scrape, add Series) {
		if s.Stats == nil {
			return
		}
		for _, d := range s.Stats.Daemons {
			collect(d, add)
		}
	}
}
