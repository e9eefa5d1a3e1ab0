package metrics

import (
	"github.com/lbsync/lbsync/spec"
)

var (
	// "instance" would be Prometheus' own label of whom it scrapes.
	ofInstance = []string{"vrrp_instance"}
	vrrpStates = []spec.VRRPState{spec.VRRPInitialize, spec.VRRPBackup, spec.VRRPMaster, spec.VRRPFault}
)

var vrrpMetrics = []Definition{
	{"lbsync_engine_info", Gauge, "The running engine, always 1: its version and scheduler. Left out while it cannot be asked, as is all below.", []string{"version", "scheduler"},
		ofEngine(func(v *spec.VRRPStatus, add Series) { add(1, v.Program, v.Scheduler) })},
	{"lbsync_engine_start_time_seconds", Gauge, "When the engine's process started, in seconds since 1970.", nil,
		ofEngine(func(v *spec.VRRPStatus, add Series) { add(stamp(v.Started)) })},
	{"lbsync_engine_problems", Gauge, "What the engine could not do, and still tries.", nil,
		ofEngine(func(v *spec.VRRPStatus, add Series) { add(float64(len(v.Problems))) })},
	{"lbsync_vrrp_events_total", Counter, "Serial of the engine's newest event; restarts in place do not reset it.", nil,
		ofEngine(func(v *spec.VRRPStatus, add Series) { add(float64(v.Serial)) })},
	{"lbsync_vrrp_events_lost_total", Counter, "Events that nobody fetched in time.", nil,
		ofEngine(func(v *spec.VRRPStatus, add Series) { add(float64(v.EventsLost)) })},
	{"lbsync_vrrp_state", Gauge, "State of the instance: 1 for that state, 0 for the others.", []string{"vrrp_instance", "state"},
		ofInstances(func(i *spec.InstanceStatus, name string, add Series) { states(vrrpStates, i.State, add, name) })},
	{"lbsync_vrrp_state_start_time_seconds", Gauge, "When the instance last changed its state, in seconds since 1970.", ofInstance,
		ofInstances(func(i *spec.InstanceStatus, name string, add Series) {
			if !i.Since.IsZero() {
				add(stamp(i.Since), name)
			}
		})},
	{"lbsync_vrrp_priority", Gauge, "Priority as configured.", ofInstance,
		ofInstances(func(i *spec.InstanceStatus, name string, add Series) { add(float64(i.Priority), name) })},
	{"lbsync_vrrp_effective_priority", Gauge, "Priority with what trackers take or give.", ofInstance,
		ofInstances(func(i *spec.InstanceStatus, name string, add Series) { add(float64(i.Effective), name) })},
	{"lbsync_vrrp_master_info", Gauge, "Who advertises as master, always 1; left out while nobody was heard.", []string{"vrrp_instance", "address"},
		ofInstances(func(i *spec.InstanceStatus, name string, add Series) {
			if i.Master.IsValid() {
				add(1, name, i.Master.String())
			}
		})},
	{"lbsync_vrrp_advert_interval_seconds", Gauge, "Advertisement interval as configured.", ofInstance,
		ofInstances(func(i *spec.InstanceStatus, name string, add Series) { add(i.Interval.Seconds(), name) })},
	{"lbsync_vrrp_master_advert_interval_seconds", Gauge, "Interval that the master advertises and a backup works by; left out while none was learned.", ofInstance,
		ofInstances(func(i *spec.InstanceStatus, name string, add Series) {
			if i.Learned > 0 {
				add(i.Learned.Seconds(), name)
			}
		})},
	{"lbsync_vrrp_addresses", Gauge, "Virtual addresses that the instance has.", ofInstance,
		ofInstances(func(i *spec.InstanceStatus, name string, add Series) { add(float64(i.Addresses), name) })},
	{"lbsync_vrrp_held_addresses", Gauge, "Virtual addresses that the engine put onto the interface.", ofInstance,
		ofInstances(func(i *spec.InstanceStatus, name string, add Series) { add(float64(i.Held), name) })},
	{"lbsync_vrrp_foreign_addresses", Gauge, "Virtual addresses that somebody else put onto the interface.", ofInstance,
		ofInstances(func(i *spec.InstanceStatus, name string, add Series) { add(float64(len(i.Foreign)), name) })},
	{"lbsync_vrrp_speakers", Gauge, "Hosts that advertise this virtual router id and cannot be directors of the cluster.", ofInstance,
		ofInstances(func(i *spec.InstanceStatus, name string, add Series) { add(float64(len(i.Speakers)), name) })},
	{"lbsync_vrrp_transitions_total", Counter, "Changes of the instance's state.", ofInstance,
		ofInstances(func(i *spec.InstanceStatus, name string, add Series) { add(float64(i.Transitions), name) })},
	{"lbsync_vrrp_tracker_good", Gauge, "1 when the tracker's verdict is good, or when it has none yet.", []string{"tracker"},
		ofEngine(func(v *spec.VRRPStatus, add Series) {
			for _, k := range v.Trackers {
				add(truth(k.Good || !k.Known), k.Key)
			}
		})},
}

// ofEngine has no series while the engine cannot be asked, or where none is needed.
func ofEngine(collect func(*spec.VRRPStatus, Series)) func(*Scrape, Series) {
	return func(s *Scrape, add Series) {
		if v := s.Status.VRRP; v != nil {
			collect(v, add)
		}
	}
}

func ofInstances(collect func(i *spec.InstanceStatus, name string, add Series)) func(*Scrape, Series) {
	return ofEngine(func(v *spec.VRRPStatus, add Series) {
		for i := range v.Instances {
			collect(&v.Instances[i], v.Instances[i].Name.String(), add)
		}
	})
}
