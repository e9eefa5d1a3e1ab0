package spec

import (
	"fmt"
	"slices"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// VRRPSyncGroup is the block `vrrp_sync_group "NAME"`: instances that move together.
type VRRPSyncGroup struct {
	Name      string
	Instances []string
	Notify    []Notify
	At        Mark
}

var vrrpSyncGroupBlock = schema.New(schema.Block[VRRPSyncGroup]{
	Name:       "vrrp_sync_group",
	Doc:        "Instances that move together.",
	Keepalived: "vrrp_sync_group",
	Label: &schema.Field[VRRPSyncGroup]{Attr: schema.Attr{Name: "NAME", MaxLen: 64, Doc: "Name of the group, once in the fleet"},
		Set: func(g *VRRPSyncGroup, v schema.Value) { g.Name, g.At = v.Str, Mark(v.At) }},
	Attrs: []schema.Field[VRRPSyncGroup]{
		{Attr: schema.Attr{Name: "instances", List: true, Required: true, Doc: "Names of its instances", Keepalived: "group"},
			Set: func(g *VRRPSyncGroup, v schema.Value) { g.Instances = texts(v) }},
	},
	Blocks: []schema.Nested[VRRPSyncGroup]{
		schema.Many(notifyBlock, func(_ *schema.Decoder, g *VRRPSyncGroup, n *Notify, _ *schema.Instance) {
			g.Notify = append(g.Notify, *n)
		}),
	},
	Check: func(d *schema.Decoder, in *schema.Instance, g *VRRPSyncGroup) {
		for i, name := range g.Instances {
			if slices.Contains(g.Instances[:i], name) {
				d.Error(in.At("instances"), "Instance listed twice", fmt.Sprintf("%q stands twice in the group: remove one.", name))
			}
		}
	},
})
