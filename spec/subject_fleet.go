package spec

import (
	"iter"
	"net/netip"
	"time"

	"github.com/zclconf/go-cty/cty"
)

type directorItem struct {
	*Director
	fleet *Fleet
}

var interfacesType = cty.Object(map[string]cty.Type{"name": cty.String, "segment": cty.String})

var directorItems = collectionOf("directors", "The directors.", "its name", []field[directorItem]{
	isText("name", "Name", func(d *directorItem) string { return d.Name }),
	isTextOrNull("endpoint", "Address and port", func(d *directorItem) string {
		if !d.Endpoint.IsValid() {
			return ""
		}
		return d.Endpoint.String()
	}),
	isTextOrNull("public_key", "Public key", func(d *directorItem) string { return d.PublicKey }),
	isValue("labels", wordsType, "Labels", func(d *directorItem) cty.Value { return mapValue(cty.String, d.Labels, cty.StringVal) }),
	isValue("sysctls", wordsType, "Kernel settings, as text", func(d *directorItem) cty.Value {
		all := map[string]Setting{}
		for _, s := range d.Sysctls {
			all[string(s.Key)] = s.Value
		}
		return mapValue(cty.String, all, func(s Setting) cty.Value { return cty.StringVal(string(s)) })
	}),
	isValue("interfaces", cty.List(interfacesType), "Ports with a block of their own", func(d *directorItem) cty.Value {
		return listValue(interfacesType, d.Interfaces, func(i Interface) cty.Value {
			return cty.ObjectVal(map[string]cty.Value{"name": cty.StringVal(i.Name), "segment": textOrNull(i.Segment)})
		})
	}),
	isTexts("clusters", "Names of its clusters", func(d *directorItem) []string {
		var out []string
		for i := range d.fleet.Clusters {
			if c := &d.fleet.Clusters[i]; c.Has(d.Name) {
				out = append(out, c.Name)
			}
		}
		return out
	}),
}, func(s *Subject) iter.Seq[sighted[directorItem]] {
	return func(yield func(sighted[directorItem]) bool) {
		for _, d := range s.Fleet.Directors {
			if !yield(sighted[directorItem]{d.Def.Name, d.Place.Pos(d.Def.At), directorItem{d.Def, s.Fleet}}) {
				return
			}
		}
	}
})

var (
	syncType = cty.Object(map[string]cty.Type{
		"syncid": numbersType, "interface": wordsType, "mode": cty.String, "follow": cty.String, "group": cty.String,
		"port": cty.Number, "ttl": cty.Number, "maxlen": cty.Number, "sysctls": wordsType,
	})
	rolloutType = cty.Object(map[string]cty.Type{"wave": cty.Number, "soak": cty.Number, "peer_timeout": cty.Number, "on_peer_timeout": cty.String})
	confirmType = cty.Object(map[string]cty.Type{"timeout": cty.Number, "connections": cty.Number, "coverage": cty.Number})
	driftType   = cty.Object(map[string]cty.Type{
		"services": cty.String, "real_servers": cty.String, "sync_daemons": cty.String, "settings": cty.String, "vrrp": cty.String, "most_an_hour": cty.Number,
	})
)

var clusterItems = collectionOf("clusters", "The clusters.", "its name", []field[Cluster]{
	isText("name", "Name", func(c *Cluster) string { return c.Name }),
	isTexts("directors", "Names of its directors", func(c *Cluster) []string { return c.Directors }),
	isValue("connection_sync", syncType, "Block `connection_sync`, syncid and interface as maps by director; null if there is none", syncValue),
	isValue("ipvs_timeouts", numbersType, "Block `ipvs_timeouts`: what is written, in seconds", func(c *Cluster) cty.Value {
		all := map[string]time.Duration{}
		for _, t := range c.Timeouts {
			all[string(t.Key)] = t.Value
		}
		return mapValue(cty.Number, all, secondsValue)
	}),
	isValue("rollout", rolloutType, "Block `rollout`, its durations in seconds", func(c *Cluster) cty.Value {
		return cty.ObjectVal(map[string]cty.Value{
			"wave": cty.NumberIntVal(int64(c.Rollout.Wave)), "soak": secondsValue(c.Rollout.Soak), "peer_timeout": secondsValue(c.Rollout.PeerTimeout),
			"on_peer_timeout": cty.StringVal(either(c.Rollout.ProceedSilent, "proceed", "hold")),
		})
	}),
	isValue("confirm", confirmType, "Block `confirm`, timeout in seconds", func(c *Cluster) cty.Value {
		return cty.ObjectVal(map[string]cty.Value{
			"timeout": secondsValue(c.Confirm.Timeout), "connections": cty.NumberIntVal(int64(c.Confirm.Connections)), "coverage": cty.NumberFloatVal(c.Confirm.Coverage),
		})
	}),
	isValue("drift", driftType, "Block `drift`", func(c *Cluster) cty.Value {
		mode := func(m DriftMode) cty.Value { return cty.StringVal(m.String()) }
		d := c.Drift
		return cty.ObjectVal(map[string]cty.Value{
			"services": mode(d.Services), "real_servers": mode(d.RealServers), "sync_daemons": mode(d.SyncDaemons), "settings": mode(d.Settings),
			"vrrp": mode(d.VRRP), "most_an_hour": cty.NumberIntVal(int64(d.MostAnHour)),
		})
	}),
	isTexts("freezes", "Names of its freezes", func(c *Cluster) []string { return named(c.Freezes, func(f Freeze) string { return f.Name }) }),
	isTexts("sync_groups", "Names of its vrrp_sync_groups", func(c *Cluster) []string {
		return named(c.SyncGroups, func(g VRRPSyncGroup) string { return g.Name })
	}),
	isTexts("instances", "Names of its vrrp_instances", func(c *Cluster) []string {
		return named(c.Instances, func(i Placed[VRRPInstance]) string { return i.Def.Name })
	}),
	isTexts("virtual_servers", "Names of its virtual_servers", func(c *Cluster) []string {
		return named(c.VirtualServers, func(v Placed[VirtualServer]) string { return v.Def.Name })
	}),
}, func(s *Subject) iter.Seq[sighted[Cluster]] {
	return func(yield func(sighted[Cluster]) bool) {
		for _, c := range s.Fleet.Clusters {
			if !yield(sighted[Cluster]{c.Name, c.Place.Pos(c.At), c}) {
				return
			}
		}
	}
})

func named[T any](all []T, name func(T) string) []string {
	out := make([]string, len(all))
	for i, x := range all {
		out[i] = name(x)
	}
	return out
}

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

func syncValue(c *Cluster) cty.Value {
	s := c.Sync
	if s == nil {
		return cty.NullVal(syncType)
	}
	sysctls := map[string]cty.Value{}
	for _, x := range s.Sysctls {
		sysctls[string(x.Key)] = cty.StringVal(string(x.Value))
	}
	return cty.ObjectVal(map[string]cty.Value{
		"syncid":    byDirector(cty.Number, s.SyncID, c.Directors, small[uint8]),
		"interface": byDirector(cty.String, s.Interface, c.Directors, cty.StringVal),
		"mode":      cty.StringVal(s.Mode.String()), "follow": textOrNull(s.Follow), "group": cty.StringVal(s.Group.String()),
		"port": small(s.Port), "ttl": small(s.TTL), "maxlen": small(s.MaxLen),
		"sysctls": mapValue(cty.String, sysctls, func(v cty.Value) cty.Value { return v }),
	})
}

func small[T ~uint8 | ~uint16 | ~int16 | ~uint32 | ~int32](n T) cty.Value {
	return cty.NumberIntVal(int64(n))
}

func addrValue(a netip.Addr) cty.Value {
	if !a.IsValid() {
		return cty.NullVal(cty.String)
	}
	return cty.StringVal(a.String())
}
