package spec

import "net/netip"

// SyncMode says which sync daemons a director runs.
type SyncMode uint8

// The modes. In SyncBoth a failover switches nothing; in SyncFollow the daemon's role follows a vrrp_instance.
const (
	SyncBoth SyncMode = iota
	SyncFollow
)

var syncModeNames = names[SyncMode]{"mode", map[SyncMode]string{SyncBoth: "both", SyncFollow: "follow"}}

func (m SyncMode) String() string { return syncModeNames.name(m) }

// ConnectionSync is the block `connection_sync` of a cluster. The sysctls among its attributes (threshold, refresh_period, …) are
// listed in Sysctls under their kernel names.
type ConnectionSync struct {
	SyncID    PerDirector[uint8] // 1..255; 0 would accept every sender
	Interface PerDirector[string]
	Mode      SyncMode
	Follow    string // vrrp_instance whose role the daemon takes, in SyncFollow
	Group     netip.Addr
	Port      uint16
	TTL       uint8
	MaxLen    uint16
	Sysctls   []Sysctl
	At        Mark
}

// Daemon is the daemon that a director runs by this block, whatever its role; false when no interface is given for the director.
func (s *ConnectionSync) Daemon(director string) (Daemon, bool) {
	ifn, ok := s.Interface.For(director)
	id, okID := s.SyncID.For(director)
	return Daemon{SyncID: id, Interface: ifn, Group: s.Group, Port: s.Port, TTL: s.TTL, MaxLen: s.MaxLen}, ok && okID
}
