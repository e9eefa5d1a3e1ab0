package spec

import "github.com/lbsync/lbsync/spec/internal/schema"

// Budget is the block `budget` of a cluster: how much one commit may take away. What the accepted commit says and what the new one says
// both hold, so that no commit can widen the budget that it needs.
type Budget struct {
	Services    float64 // percent of the cluster's IPVS services that may be removed
	RealServers float64 // percent of the cluster's real servers that may be removed, or lose all their weight
	Weight      float64 // percent of a service's weight that may be lost
	Few         int     // services, or real servers, that may go whatever the percentage, while others are left
	At          Mark
}

// Stricter has the lower of each limit.
func (b Budget) Stricter(o Budget) Budget {
	return Budget{min(b.Services, o.Services), min(b.RealServers, o.RealServers), min(b.Weight, o.Weight), min(b.Few, o.Few), o.At}
}

var budgetBlock = schema.New(schema.Block[Budget]{
	Name: "budget",
	Doc:  "How much one commit may take away. The budget of the commit that is held and that of the new one both hold: widen it in a commit before the one that needs it.",
	Attrs: []schema.Field[Budget]{
		{Attr: schema.Attr{Name: "services", Kind: schema.Percent, Max: 100, Default: "10", Doc: "Percent of the cluster's IPVS services that may be removed"},
			Set: func(b *Budget, v schema.Value) { b.Services = v.Num }},
		{Attr: schema.Attr{Name: "real_servers", Kind: schema.Percent, Max: 100, Default: "25", Doc: "Percent of the cluster's real servers that may be removed, or get weight 0; one that stands behind several services counts in each"},
			Set: func(b *Budget, v schema.Value) { b.RealServers = v.Num }},
		{Attr: schema.Attr{Name: "weight", Kind: schema.Percent, Max: 100, Default: "50", Doc: "Percent of the weight of one service that may be lost; one of two real servers may go whatever its weight"},
			Set: func(b *Budget, v schema.Value) { b.Weight = v.Num }},
		{Attr: schema.Attr{Name: "few", Kind: schema.Int, Max: 1 << 17, Default: "3", Doc: "So many services, or real servers, may go whatever their percentage, while others are left"},
			Set: func(b *Budget, v schema.Value) { b.Few = int(v.Int) }},
	},
	Check: func(d *schema.Decoder, in *schema.Instance, b *Budget) { b.At = Mark(d.Mark(in.Header)) },
})
