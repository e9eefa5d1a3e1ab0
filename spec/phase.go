package spec

// Phase is the place of a change in the order of work on one director. Steps run in ascending phase; package reconcile decides
// which change belongs where, and says why.
type Phase uint8

// The phases, in order. Phase 0 is no phase.
const (
	PhaseSettings   Phase = iota + 1 // sysctls and IPVS timeouts
	PhaseSyncBackup                  // the backup sync daemon
	PhaseAddServices
	PhaseAddRealServers
	PhaseEdit  // services and real servers, in place
	PhaseVRRP  // instances with their addresses and all else that belongs to them, in one step
	PhaseDrain // real servers to weight 0
	PhaseRemoveRealServers
	PhaseRemoveServices
	PhaseSyncMaster // the master sync daemon
	PhaseStopSync   // sync daemons that are not wanted
	PhaseSyncRole   // the engine follows an instance with the sync daemon
	PhasePriority   // who is to be master
)

var phaseNames = names[Phase]{"phase", map[Phase]string{
	PhaseSettings: "settings", PhaseSyncBackup: "sync backup", PhaseAddServices: "add services", PhaseAddRealServers: "add real servers",
	PhaseEdit: "edit", PhaseVRRP: "vrrp", PhaseDrain: "drain", PhaseRemoveRealServers: "remove real servers", PhaseRemoveServices: "remove services",
	PhaseSyncMaster: "sync master", PhaseStopSync: "stop sync",
	PhaseSyncRole: "sync role", PhasePriority: "priority",
}}

func (p Phase) String() string                { return phaseNames.name(p) }
func (p Phase) MarshalText() ([]byte, error)  { return []byte(p.String()), nil }
func (p *Phase) UnmarshalText(b []byte) error { return phaseNames.parse(p, b) }
