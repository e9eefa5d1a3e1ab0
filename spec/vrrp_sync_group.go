package spec

// VRRPSyncGroup is the block `vrrp_sync_group "NAME"`: instances that move together.
type VRRPSyncGroup struct {
	Name      string
	Instances []string
	Notify    []Notify
	At        Mark
}
