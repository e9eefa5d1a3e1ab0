package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// backupOnly refuses the pair of settings that stops an active director: with net.ipv4.vs.backup_only = 1 the kernel does not
// direct while a backup daemon runs (ip_vs_core.c, ip_vs_in), and in mode "both" one always runs.
type backupOnly struct{}

func (backupOnly) Name() string      { return "backup-only" }
func (backupOnly) Level() spec.Level { return spec.Deny }
func (backupOnly) Meaning() string {
	return "connection_sync of mode \"both\" and net.ipv4.vs.backup_only = 1 together would stop every director from directing."
}

func (backupOnly) Check(in *Input) []Finding {
	var out []Finding
	for _, d := range in.Fleet.Directors {
		for _, s := range d.Def.Sysctls {
			if s.Key != "net.ipv4.vs.backup_only" || s.Value == "0" {
				continue
			}
			if c := bothCluster(in.Fleet, d.Def.Name); c != "" {
				out = append(out, found(d.Place.Pos(s.At), "the director would not direct", fmt.Sprintf(
					"Cluster %q runs connection_sync in mode \"both\", so a backup daemon always runs on %s, and with backup_only = %s the kernel "+
						"directs nothing while one does. Leave backup_only at 0, or use mode = \"follow\".", c, d.Def.Name, s.Value)))
			}
		}
	}
	return out
}

func bothCluster(f *spec.Fleet, director string) string {
	for _, c := range f.Clusters {
		if c.Has(director) && c.Sync != nil && c.Sync.Mode == spec.SyncBoth {
			return c.Name
		}
	}
	return ""
}
