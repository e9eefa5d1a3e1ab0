package reconcile

import (
	"fmt"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// vrrp gathers what the engine of one director should hold.
type vrrp struct {
	view  *spec.View
	facts spec.Facts
	rows  spec.VRRP
	holds []spec.Hold
}

func (v *vrrp) add(c *spec.Cluster) {
	groups := map[string]string{}
	for _, g := range c.SyncGroups {
		for _, name := range g.Instances {
			groups[name] = g.Name
		}
	}
	for _, i := range c.Instances {
		v.instance(c, i, groups[i.Def.Name])
	}
	if c.Sync != nil && c.Sync.Mode == spec.SyncFollow {
		v.follow(c)
	}
}

// instance adds an instance with all that belongs to it. One that the fleet does not say everything about is left as it is, whole: it
// cannot come from a fleet that was checked, and half an instance elects with nobody.
func (v *vrrp) instance(c *spec.Cluster, p spec.Placed[spec.VRRPInstance], group string) {
	key, name := spec.InstanceKey(p.Def.Name), v.view.Director.Def.Name
	iface, okInterface := p.Def.Interface.For(name)
	priority, okPriority := p.Def.Priority.For(name)
	if !okInterface || !okPriority {
		v.hold(key, fmt.Sprintf("vrrp_instance %q gives no interface or no priority for %q", p.Def.Name, name))
		return
	}
	source, ok := p.Def.SourceOf(v.view.Director.Def)
	if !ok && p.Def.Unicast {
		v.hold(key, fmt.Sprintf("vrrp_instance %q is unicast, and has neither a source for %q nor an endpoint of its family", p.Def.Name, name))
		return
	}
	if p.Def.Unicast && !v.peers(c, p) {
		return
	}
	value := settingsOf(p.Def)
	value.Interface, value.Priority, value.SyncGroup = iface, priority, group
	if why := cold(c, key, name, v.facts); value.Preempt && why != "" {
		value.Preempt = false
		v.holds = append(v.holds, spec.Hold{Key: key, Field: "preempt", Why: why})
	}
	if ok {
		value.Source = source
	}
	v.rows.Instances = append(v.rows.Instances, spec.Row[spec.InstanceKey, spec.Instance]{Key: key, Value: value, Pos: p.Place.Pos(p.Def.At)})
	v.held(p, iface)
	v.trackers(p)
}

// settingsOf are the settings that all directors of an instance share.
func settingsOf(i *spec.VRRPInstance) spec.Instance {
	return spec.Instance{
		RouterID: i.VirtualRouterID, Version: i.Version, Family: i.Family, Interval: i.AdvertInterval,
		Preempt: i.Preempt, PreemptDelay: i.PreemptDelay, StartupDelay: i.StartupDelay,
		Unicast: i.Unicast, Group: i.Group, TTLMin: i.TTLMin, TTLMax: i.TTLMax,
		Secret: i.AuthSecret, PseudoHeader: i.PseudoHeaderChecksum, VMAC: i.VMAC, DownAdverts: i.DownTimerAdverts, Announce: i.Announce,
	}
}

// peers adds the cluster's other directors; false when one has no address, which holds the instance.
func (v *vrrp) peers(c *spec.Cluster, p spec.Placed[spec.VRRPInstance]) bool {
	key := spec.InstanceKey(p.Def.Name)
	var rows spec.Rows[spec.PeerKey, spec.Peer]
	for _, name := range c.Directors {
		if name == v.view.Director.Def.Name {
			continue
		}
		d, known := v.view.DirectorNamed(name)
		if !known {
			d = &spec.Director{Name: name} // what the instance says of it may be enough
		}
		addr, ok := p.Def.SourceOf(d)
		if !ok {
			v.hold(key, fmt.Sprintf("vrrp_instance %q is unicast, and has neither a source for %q nor an endpoint of its family", p.Def.Name, name))
			return false
		}
		rows = append(rows, spec.Row[spec.PeerKey, spec.Peer]{Key: spec.PeerKey{Instance: key, Addr: addr}, Value: spec.Peer{Director: name}, Pos: p.Place.Pos(p.Def.At)})
	}
	v.rows.Peers = append(v.rows.Peers, rows...)
	return true
}

// held adds what the master holds: addresses, routes and rules.
func (v *vrrp) held(p spec.Placed[spec.VRRPInstance], iface string) {
	key, name := spec.InstanceKey(p.Def.Name), v.view.Director.Def.Name
	for _, a := range p.Def.Addresses {
		v.rows.Addresses = append(v.rows.Addresses, spec.Row[spec.AddressKey, spec.Address]{
			Key:   spec.AddressKey{Instance: key, Prefix: a.Prefix},
			Value: spec.Address{Device: deviceOf(a.Device, name, iface), Label: a.Label, Scope: a.Scope, Broadcast: a.Broadcast, Excluded: a.Excluded},
			Pos:   p.Place.Pos(a.At),
		})
	}
	for _, r := range p.Def.Routes {
		device := ""
		if !r.Via.IsValid() {
			device = iface
		}
		v.rows.Routes = append(v.rows.Routes, spec.Row[spec.RouteKey, spec.Route]{
			Key:   spec.RouteKey{Instance: key, To: r.To, Table: r.Table, Metric: r.Metric},
			Value: spec.Route{Via: r.Via, Device: deviceOf(r.Device, name, device), Source: r.Source},
			Pos:   p.Place.Pos(r.At),
		})
	}
	for _, r := range p.Def.Rules {
		v.rows.Rules = append(v.rows.Rules, spec.Row[spec.RuleKey, spec.Rule]{
			Key:   spec.RuleKey{Instance: key, Name: r.Name},
			Value: spec.Rule{From: r.From, To: r.To, FWMark: r.FWMark, Table: r.Table, Priority: r.Priority},
			Pos:   p.Place.Pos(r.At),
		})
	}
}

func deviceOf(p spec.PerDirector[string], director, otherwise string) string {
	if d, ok := p.For(director); ok {
		return d
	}
	return otherwise
}

func (v *vrrp) trackers(p spec.Placed[spec.VRRPInstance]) {
	for _, t := range p.Def.Track {
		v.rows.Trackers = append(v.rows.Trackers, spec.Row[spec.TrackerKey, spec.Tracking]{
			Key: spec.TrackerKey{Instance: spec.InstanceKey(p.Def.Name), Watch: spec.Watch(t.Kind), Name: t.Name},
			Value: spec.Tracking{Weight: t.Weight, Interval: t.Interval, Timeout: t.Timeout, Rise: t.Rise, Fall: t.Fall,
				Up: t.UpDelay, Down: t.DownDelay, Command: strings.Join(t.Command, "\x00")},
			Pos: p.Place.Pos(t.At),
		})
	}
}

// follow adds the daemon that the engine starts and stops with a role. Where none can be said, the sync daemons are held for the same
// reason.
func (v *vrrp) follow(c *spec.Cluster) {
	name := v.view.Director.Def.Name
	if daemon, ok := c.Sync.Daemon(name); ok {
		b := bridgeOf(v.view.Clusters, name, daemon, v.facts)
		v.rows.Follow = append(v.rows.Follow, spec.Row[spec.FollowSyncKey, spec.FollowSync]{
			Key: spec.FollowSyncKey(c.Sync.Follow), Value: b.follow(), Pos: c.Place.Pos(c.Sync.At)})
	}
}

func (v *vrrp) hold(k spec.InstanceKey, why string) {
	v.holds = append(v.holds, spec.Hold{Key: k, Why: why})
}
