package spec

import "github.com/lbsync/lbsync/spec/internal/schema"

// day is the longest that these blocks let anything wait.
const day = 86400 * second

var rolloutBlock = schema.New(schema.Block[Rollout]{
	Name: "rollout",
	Doc:  "In which order a commit reaches clusters, and what is done while a director does not answer. Within a cluster backups go first.",
	Attrs: []schema.Field[Rollout]{
		{Attr: schema.Attr{Name: "wave", Kind: schema.Int, Min: 1, Max: 1000, Default: "1", Doc: "Clusters of a lower wave go first: a commit is applied when every director of the wave before has confirmed it. Those of one wave go together, and clusters that share a director are of one wave"},
			Set: func(r *Rollout, v schema.Value) { r.Wave = int(v.Int) }},
		{Attr: schema.Attr{Name: "soak", Kind: schema.Duration, Max: 7 * day, Default: `"0s"`, Doc: "How long the commit must have held, confirmed, on all directors of the wave before, by their clocks"},
			Set: func(r *Rollout, v schema.Value) { r.Soak = v.Dur }},
		{Attr: schema.Attr{Name: "peer_timeout", Kind: schema.Duration, Max: 7 * day, Default: `"0s"`, Doc: "How long a director that does not answer is waited for, before on_peer_timeout; 0s is for ever"},
			Set: func(r *Rollout, v schema.Value) { r.PeerTimeout = v.Dur }},
		{Attr: schema.Attr{Name: "on_peer_timeout", Kind: schema.Word, Words: []string{"hold", "proceed"}, Default: `"hold"`, Doc: "hold: wait until it answers or an operator says `lbsync rollout proceed`; proceed: go on without it"},
			Set: func(r *Rollout, v schema.Value) { r.ProceedSilent = v.Str == "proceed" }},
	},
	Check: func(d *schema.Decoder, in *schema.Instance, r *Rollout) {
		r.At = Mark(d.Mark(in.Header))
		if r.ProceedSilent && r.PeerTimeout == 0 {
			d.Error(in.At("on_peer_timeout"), "on_peer_timeout without its time", "A director that does not answer is waited for for ever, so there is nothing to proceed after: write peer_timeout = \"10m\" too, or remove on_peer_timeout.")
		}
	},
})

var confirmBlock = schema.New(schema.Block[Confirm]{
	Name: "confirm",
	Doc:  "What must hold after a commit was applied; otherwise the director goes back to the commit before and does not try this one again.",
	Attrs: []schema.Field[Confirm]{
		{Attr: schema.Attr{Name: "timeout", Kind: schema.Duration, Max: 3600 * second, Default: `"10s"`, Doc: "How long everything must hold; 0s turns it off: a commit counts as good once it is applied, and nothing is reverted by itself"},
			Set: func(c *Confirm, v schema.Value) { c.Timeout = v.Dur }},
		{Attr: schema.Attr{Name: "connections", Kind: schema.Int, Max: 100, Default: "30", Doc: "Percent of the active connections before, below which those of a service have collapsed; 0 is not looked at"},
			Set: func(c *Confirm, v schema.Value) { c.Connections = int(v.Int) }},
		{Attr: schema.Attr{Name: "coverage", Kind: schema.Percent, Max: 100, Default: "0", Doc: "Percent of the master's connections that a backup must hold, such as 99.9; 0 is not looked at"},
			Set: func(c *Confirm, v schema.Value) { c.Coverage = v.Num }},
	},
	Check: func(d *schema.Decoder, in *schema.Instance, c *Confirm) { c.At = Mark(d.Mark(in.Header)) },
})

var driftModeNames = names[DriftMode]{"drift mode", map[DriftMode]string{DriftEnforce: "enforce", DriftWarn: "warn", DriftOff: "off"}}

func (m DriftMode) String() string { return driftModeNames.name(m) }

var driftBlock = schema.New(schema.Block[DriftRules]{
	Name: "drift",
	Doc:  "What is done about objects that were changed outside git, by class. enforce: put right and reported; warn: reported; off: neither.",
	Attrs: []schema.Field[DriftRules]{
		driftClass("services", "Services: one that is missing or has other settings", func(r *DriftRules) *DriftMode { return &r.Services }),
		driftClass("real_servers", "Real servers: missing, with other settings, or in a service of the fleet without being in git", func(r *DriftRules) *DriftMode { return &r.RealServers }),
		driftClass("sync_daemons", "Connection-sync daemons", func(r *DriftRules) *DriftMode { return &r.SyncDaemons }),
		driftClass("settings", "Sysctls and IPVS timeouts. One that several clusters hold, or the director itself, has the strictest of their modes; the director's own is enforce", func(r *DriftRules) *DriftMode { return &r.Settings }),
		driftClass("vrrp", "What the VRRP engine was told: instances, addresses, routes, rules, trackers", func(r *DriftRules) *DriftMode { return &r.VRRP }),
		{Attr: schema.Attr{Name: "most_an_hour", Kind: schema.Int, Min: 1, Max: 3600, Default: "6", Doc: "Corrections of one object within an hour, after which somebody else keeps writing it: it is only reported until the last hour has fewer. A service that is gone is put back once a minute all the same"},
			Set: func(r *DriftRules, v schema.Value) { r.MostAnHour = int(v.Int) }},
	},
	Check: func(d *schema.Decoder, in *schema.Instance, r *DriftRules) { r.At = Mark(d.Mark(in.Header)) },
})

func driftClass(name, doc string, mode func(*DriftRules) *DriftMode) schema.Field[DriftRules] {
	return schema.Field[DriftRules]{
		Attr: schema.Attr{Name: name, Kind: schema.Word, Words: []string{"enforce", "warn", "off"}, Default: `"enforce"`, Doc: doc},
		Set:  func(r *DriftRules, v schema.Value) { *mode(r) = word(driftModeNames, v) },
	}
}

// completeRules fills in what holds where a cluster does not have the block.
func (c *Cluster) completeRules() {
	if c.Rollout.At == (Mark{}) {
		c.Rollout = rolloutBlock.Defaults()
	}
	if c.Confirm.At == (Mark{}) {
		c.Confirm = confirmBlock.Defaults()
	}
	if c.Drift.At == (Mark{}) {
		c.Drift = driftBlock.Defaults()
	}
	if c.Budget.At == (Mark{}) {
		c.Budget = budgetBlock.Defaults()
	}
	if c.Brake.At == (Mark{}) {
		c.Brake = brakeBlock.Defaults()
	}
}
