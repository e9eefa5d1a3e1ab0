package spec

import "github.com/lbsync/lbsync/spec/internal/schema"

// Brake is the block `brake` of a cluster: how much may fail at once before it is the director that is suspected. 100 switches a limit off.
type Brake struct {
	Service uint32 // percent of a service's real servers that may fail within one interval
	All     uint32 // percent of a director's checks that may fail within one interval
	At      Mark
}

var brakeBlock = schema.New(schema.Block[Brake]{
	Name: "brake",
	Doc:  "How much may fail at once. When more does, it is as likely the director's own network: weights are left as they are, and an alarm is raised.",
	Attrs: []schema.Field[Brake]{
		{Attr: schema.Attr{Name: "service", Kind: schema.Int, Min: 1, Max: 100, Default: "100", Doc: "Most real servers of a service, in percent, that may fail within one interval before its weights are left as they are; 100: all may"},
			Set: func(b *Brake, v schema.Value) { b.Service = uint32(v.Int) }},
		{Attr: schema.Attr{Name: "all", Kind: schema.Int, Min: 1, Max: 100, Default: "50", Doc: "Most checks of the director, in percent, that may fail within one interval before all weights are left as they are; 100: all may"},
			Set: func(b *Brake, v schema.Value) { b.All = uint32(v.Int) }},
	},
	Check: func(d *schema.Decoder, in *schema.Instance, b *Brake) { b.At = Mark(d.Mark(in.Header)) },
})
